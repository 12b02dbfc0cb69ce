/**
 * Tracing by OTLP, configured by OpenTelemetry's standard environment variables.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @since 0.1.0
 */
import { Config, ConfigProvider, Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { type OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"

/**
 * Telemetry is configured in a way that cannot be followed.
 *
 * @since 0.1.0
 * @category errors
 */
export class OtlpMisconfigured extends Schema.TaggedError<OtlpMisconfigured>()("OtlpMisconfigured", {
  message: Schema.String
}) {}

const first = (...names: ReadonlyArray<string>): Config.Config<Option.Option<string>> =>
  Config.all(names.map((name) => Config.option(Config.NonEmptyString(name)))).pipe(Config.map(Option.firstSomeOf))

/**
 * Whether spans are to be exported: an endpoint is set, and nothing switches the export off.
 *
 * @since 0.1.0
 * @category configuration
 */
export const isConfigured: Effect.Effect<boolean, Config.ConfigError> = Effect.gen(function* () {
  const endpoint = yield* first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
  const disabled = yield* Config.Boolean("OTEL_SDK_DISABLED").pipe(Config.withDefault(false))
  const exporters = yield* Config.String("OTEL_TRACES_EXPORTER").pipe(Config.withDefault("otlp"))
  return Option.isSome(endpoint) && !disabled && exporters.split(",").some((name) => name.trim() === "otlp")
})

const serialization = Effect.gen(function* () {
  const protocol = yield* first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
  switch (Option.getOrElse(protocol, () => "http/protobuf")) {
    case "http/protobuf":
      return OtlpSerialization.layerProtobuf
    case "http/json":
      return OtlpSerialization.layerJson
    default:
      return yield* new OtlpMisconfigured({
        message:
          `OTEL_EXPORTER_OTLP_PROTOCOL is "${Option.getOrElse(protocol, () => "")}", ` +
          `which is not supported: set it to http/protobuf or http/json, and the endpoint to the collector's HTTP port (4318)`
      })
  }
})

const named = (name: string) =>
  Config.Record(Schema.String, Schema.String, "OTEL_RESOURCE_ATTRIBUTES").pipe(
    Config.withDefault<Record<string, string>>({}),
    Config.map((attributes) => attributes["service.name"] === undefined),
    Effect.map((unnamed) => ConfigProvider.fromUnknown(unnamed ? { OTEL_SERVICE_NAME: name } : {}))
  )

/**
 * Exports spans as the environment says. Where it says nothing: protobuf over HTTP, under the given service name.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: {
  readonly serviceName: string
}): Layer.Layer<OtlpExporter.Flusher, Config.ConfigError | OtlpMisconfigured> =>
  OtlpTracer.layerFromConfig().pipe(
    Layer.provide(Layer.unwrap(serialization)),
    Layer.provide(FetchHttpClient.layer),
    // The specification's default exporter is otlp; Effect's is none.
    Layer.provide(ConfigProvider.layerAdd(ConfigProvider.fromUnknown({ OTEL_TRACES_EXPORTER: "otlp" }))),
    Layer.provide(ConfigProvider.layerAdd(named(options.serviceName)))
  )
