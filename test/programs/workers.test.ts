/** Guilds here, their sessions in other threads. */
import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/OffloadedGuilds.ts"
import { here, remote } from "../support/remote/world.ts"

conforms("inline", here(Offload.inline))
conforms("senders", here(Offload.senders()))
conforms("one sender that is soon busy", here(Offload.senders({ count: 1, capacity: 1 })))
conforms("workers", remote({ count: 2, relayCapacity: 2 }))
