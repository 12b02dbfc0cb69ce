/**
 * Session sockets: how frames reach a client and come back.
 *
 * @since 0.1.0
 */
export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  SessionSocket,
  /**
   * @since 0.1.0
   * @category errors
   */
  SocketClosed
} from "../../domain/SessionSocket.ts"

/**
 * @since 0.1.0
 * @category strategies
 */
export * as memory from "./memory.ts"

/**
 * @since 0.1.0
 * @category strategies
 */
export * as webSocket from "./webSocket.ts"
