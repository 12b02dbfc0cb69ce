/** The part that the suites use of a package that comes without types. */
declare module "@elastic/mockotlpserver" {
  export class MockOtlpServer {
    constructor(options: {
      readonly logLevel?: string
      readonly services?: ReadonlyArray<"http" | "grpc" | "ui">
      readonly httpHostname?: string
      readonly httpPort?: number
      readonly onTrace?: (request: unknown) => void
      readonly onMetrics?: (request: unknown) => void
    })
    readonly httpUrl: URL
    start(): Promise<void>
    close(): Promise<void>
  }
}
