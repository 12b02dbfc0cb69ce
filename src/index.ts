/**
 * Guilds, relays and sessions as Effect fibers, traced end to end. In the order in which a message travels.
 *
 * @since 0.1.0
 */

// What travels, and its trace.
export * as Ids from "./domain/Ids.ts"
export * as Message from "./domain/Message.ts"
export * as Embed from "./domain/Embed.ts"
export * as Envelope from "./domain/Envelope.ts"
export * as TraceCarrier from "./domain/TraceCarrier.ts"
export * as TraceContext from "./domain/TraceContext.ts"
export * as TraceState from "./domain/TraceState.ts"
export * as Threshold from "./domain/Threshold.ts"
export * as Baggage from "./domain/Baggage.ts"
export * as Propagation from "./domain/Propagation.ts"
export * as Rejection from "./domain/Rejection.ts"
export * as Metrics from "./domain/Metrics.ts"

// How it travels.
export * as Mailbox from "./domain/Mailbox.ts"
export * as Detached from "./domain/Detached.ts"
export * as Transport from "./programs/Transport.ts"
export * as Actor from "./programs/Actor.ts"
export * as Supervision from "./domain/Supervision.ts"

// Into the guild: who is there, who may do what, and what follows from it.
export * as Ingress from "./programs/Ingress.ts"
export * as Guilds from "./programs/Guilds.ts"
export * as Guild from "./programs/Guild.ts"
export * as GuildStep from "./domain/guild/step.ts"
export * as GuildState from "./domain/guild/State.ts"
export * as NewestId from "./domain/NewestId.ts"
export * as Community from "./domain/Community.ts"
export * as Permissions from "./domain/Permissions.ts"
export * as Access from "./domain/Access.ts"
export * as Audience from "./domain/Audience.ts"
export * as Member from "./domain/Member.ts"
export * as MemberQuery from "./domain/MemberQuery.ts"
export * as Searches from "./domain/Searches.ts"
export * as UserIds from "./domain/UserIds.ts"
export * as Mentions from "./domain/Mentions.ts"
export * as Presence from "./domain/Presence.ts"
export * as VoiceState from "./domain/VoiceState.ts"
export * as User from "./domain/User.ts"
export * as Footprint from "./domain/Footprint.ts"

// Out through the relays.
export * as FanOut from "./domain/FanOut.ts"
export * as Sender from "./domain/Sender.ts"
export * as Choice from "./domain/Choice.ts"
export * as SamplingCurve from "./domain/SamplingCurve.ts"
export * as Relay from "./programs/Relay.ts"

// To the sessions and their clients.
export * as Session from "./programs/Session.ts"
export * as Backlog from "./domain/session/Backlog.ts"
export * as Rates from "./domain/gateway/Rates.ts"
export * as TokenBuckets from "./domain/TokenBuckets.ts"
export * as Unidentified from "./domain/gateway/Unidentified.ts"
export * as Payload from "./domain/gateway/Payload.ts"
export * as Gateway from "./programs/Gateway.ts"
export * as Intents from "./domain/gateway/Intents.ts"
export * as CloseCode from "./domain/gateway/CloseCode.ts"

// The contracts, each beside the Layers that implement it.
export * as Sampler from "./layers/Sampler.ts"
export * as Offload from "./layers/Offload.ts"
export * as MemberStore from "./layers/MemberStore.ts"
export * as Notifier from "./layers/Notifier.ts"
export * as SessionSocket from "./layers/SessionSocket/index.ts"
export * as Accounts from "./layers/Accounts.ts"
export * as TraceStore from "./layers/TraceStore.ts"
export * as Otlp from "./layers/Otlp.ts"
