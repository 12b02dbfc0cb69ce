/**
 * Traces and metrics by OTLP, configured by OpenTelemetry's standard environment variables.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 * @since 0.1.0
 */
import { Cause, Config, ConfigProvider, Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpSerialization, OtlpTracer } from "effect/observability"
import * as Detached from "../domain/Detached.ts"

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

type Signal = "TRACES" | "METRICS"

const endpoint = (signal: Signal) => first(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, "OTEL_EXPORTER_OTLP_ENDPOINT")

/** Whether a signal is to be exported: an endpoint is set, and nothing switches the export off. */
const exports = (signal: Signal): Effect.Effect<boolean, Config.ConfigError> =>
  Effect.gen(function* () {
    const disabled = yield* Config.String("OTEL_SDK_DISABLED").pipe(Config.withDefault("false"))
    const exporters = yield* Config.String(`OTEL_${signal}_EXPORTER`).pipe(Config.withDefault("otlp"))
    const isOtlp = exporters.split(",").some((name) => name.trim() === "otlp")
    return Option.isSome(yield* endpoint(signal)) && disabled.toLowerCase() !== "true" && isOtlp
  })

/**
 * Whether spans are exported.
 *
 * @since 0.1.0
 * @category configuration
 */
export const isConfigured: Effect.Effect<boolean, Config.ConfigError> = exports("TRACES")

/** As it may be logged: without the name and the password that some have. */
const withoutSecret = (url: string): string => url.replace(/^([a-z]*:?\/\/)?[^@]*@/i, "$1***@")

const checkEndpoint = (signal: Signal) =>
  Effect.flatMap(endpoint(signal), (configured) => {
    const url = Option.getOrElse(configured, () => "")
    return /^https?:/.test(url) && URL.canParse(url)
      ? Effect.void
      : new OtlpMisconfigured({
          message: `OTEL_EXPORTER_OTLP_ENDPOINT is "${withoutSecret(url)}", which is no URL: set it to one like http://localhost:4318`
        })
  })

const serialization = (signal: Signal) =>
  Effect.gen(function* () {
    const protocol = yield* first(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, "OTEL_EXPORTER_OTLP_PROTOCOL")
    switch (Option.getOrElse(protocol, () => "http/protobuf")) {
      case "http/protobuf":
        return OtlpSerialization.layerProtobuf
      case "http/json":
        return OtlpSerialization.layerJson
      default:
        return yield* new OtlpMisconfigured({
          message:
            `OTEL_EXPORTER_OTLP_PROTOCOL is "${Option.getOrElse(protocol, () => "")}", which is not supported: ` +
            `set it to http/protobuf or http/json, and the endpoint to the collector's HTTP port (4318)`
        })
    }
  })

/**
 * The probability with which a request begins a trace of its own, as `OTEL_TRACES_SAMPLER` and
 * `OTEL_TRACES_SAMPLER_ARG` say. Where they say nothing it is 0, other than the specification's default: what is sampled
 * is then up to the callers. What callers decide is heeded or not by the ingress's own policy, so that a sampler and its
 * `parentbased_` form are the same here.
 *
 * @since 0.1.0
 * @category configuration
 */
export const startProbability: Effect.Effect<number, Config.ConfigError | OtlpMisconfigured> = Effect.gen(function* () {
  const sampler = Option.getOrElse(yield* first("OTEL_TRACES_SAMPLER"), () => "always_off")
  const argument = Option.getOrElse(yield* first("OTEL_TRACES_SAMPLER_ARG"), () => "1")
  switch (sampler.replace(/^parentbased_/, "")) {
    case "always_off":
      return 0
    case "always_on":
      return 1
    case "traceidratio": {
      const ratio = Number(argument)
      if (ratio >= 0 && ratio <= 1) return ratio
      return yield* new OtlpMisconfigured({
        message: `OTEL_TRACES_SAMPLER_ARG is "${argument}": set it to a ratio from 0 to 1, like 0.01`
      })
    }
    default:
      return yield* new OtlpMisconfigured({
        message:
          `OTEL_TRACES_SAMPLER is "${sampler}", which is not supported: set it to always_on, always_off or ` +
          `traceidratio, each also with parentbased_ before it`
      })
  }
})

/** A collector that does not answer must not hold up the end, whatever time it is given while all is well. */
const MAX_FLUSH_MILLIS = 2500

/** The operator's attributes, and what tells this instance apart. */
const identified = (attributes: Readonly<Record<string, string>>, instance: string) => {
  const known = attributes["service.instance.id"]
  return { ...attributes, "service.instance.id": known === undefined ? instance : `${known}/${instance}` }
}

/**
 * What Effect's exporter is told beyond the environment: it exports nothing unless asked to, insists on a name, and
 * takes the time for one export for the time that the last one has when the program ends.
 */
const settings = (signal: Signal, { instance, serviceName }: Options) =>
  Effect.gen(function* () {
    const attributes = yield* Config.Record(Schema.String, Schema.String, "OTEL_RESOURCE_ATTRIBUTES").pipe(
      Config.withDefault<Record<string, string>>({})
    )
    const name = yield* Config.String("OTEL_SERVICE_NAME").pipe(
      Config.withDefault(attributes["service.name"] ?? serviceName)
    )
    const timeout = yield* first(`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`, "OTEL_EXPORTER_OTLP_TIMEOUT")
    const millis = Math.min(Number(Option.getOrElse(timeout, () => "")) || MAX_FLUSH_MILLIS, MAX_FLUSH_MILLIS)
    return ConfigProvider.fromUnknown({
      [`OTEL_${signal}_EXPORTER`]: "otlp",
      OTEL_SDK_DISABLED: "false",
      OTEL_SERVICE_NAME: name,
      ...(instance === undefined ? undefined : { OTEL_RESOURCE_ATTRIBUTES: identified(attributes, instance) }),
      [`OTEL_EXPORTER_OTLP_${signal}_TIMEOUT`]: String(millis)
    })
  })

const unreadable = (cause: Cause.Cause<unknown>) =>
  `one of the OTEL_* variables cannot be read: ${Cause.prettyErrors(cause)[0]?.message ?? ""}`

const notExported = (why: string) => Effect.logWarning(`telemetry could not be exported: ${why}`)

/** The exporter drops what it cannot export, and pauses for a minute, without a word. */
const client = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, (client) =>
    client.pipe(
      HttpClient.tap(({ request, status }) =>
        status < 400 ? Effect.void : notExported(`${request.url} answered ${status}`)
      ),
      HttpClient.tapError((error) => notExported(error.message))
    )
  )
).pipe(Layer.provide(FetchHttpClient.layer))

const exporters = {
  TRACES: () => OtlpTracer.layerFromConfig(),
  METRICS: () => OtlpMetrics.layerFromConfig()
}

/** Exporters serve the whole program, so their fibers are in no trace and no async context. */
const detached = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.fromBuild((memoMap, scope) => Detached.run(Layer.buildWithMemoMap(layer, memoMap, scope)))

const exporter = (signal: Signal, options: Options) =>
  Effect.gen(function* () {
    if (!(yield* exports(signal))) return OtlpExporter.layerFlusher
    yield* checkEndpoint(signal)
    return exporters[signal]().pipe(
      Layer.provide(yield* serialization(signal)),
      Layer.provide(client),
      Layer.provide(ConfigProvider.layerAdd(settings(signal, options), { asPrimary: true })),
      // The exporter dies of settings that it cannot read.
      Layer.catchCause((cause) =>
        Layer.effect(OtlpExporter.Flusher, new OtlpMisconfigured({ message: unreadable(cause) }))
      )
    )
  }).pipe(Layer.unwrap)

/**
 * `instance` tells this one apart from others of the same service, as several threads of a server are: the metrics of one
 * would otherwise overwrite those of another. It becomes the end of `service.instance.id`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly serviceName: string
  readonly instance?: string
}

/**
 * Exports spans and metrics as the environment says, where it says so; see {@link isConfigured}. Where it says nothing
 * more: protobuf over HTTP, under the given service name. What cannot be exported is dropped, with a warning.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<never, Config.ConfigError | OtlpMisconfigured> =>
  detached(Layer.merge(exporter("TRACES", options), exporter("METRICS", options)))
