/**
 * Member stores: where a guild's members live. The one for large guilds needs threads, and is to be had by itself: see
 * `MemberStore/hybrid.ts`.
 *
 * @since 0.1.0
 */
export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  MemberStore,
  /**
   * @since 0.1.0
   * @category models
   */
  type Members,
  /**
   * @since 0.1.0
   * @category errors
   */
  StoreUnavailable,
  /**
   * @since 0.1.0
   * @category references
   */
  Transient
} from "../domain/MemberStore.ts"

export {
  /**
   * @since 0.1.0
   * @category layers
   */
  durable
} from "./MemberStore/durable.ts"

export {
  /**
   * @since 0.1.0
   * @category layers
   */
  heap
} from "./MemberStore/heap.ts"
