import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/Stints.ts"
import { here, remote } from "../support/remote/world.ts"

conforms("inline", here(Offload.inline), 5)
conforms("senders", here(Offload.senders({ capacity: 2 })), 5)
conforms("workers", remote({ count: 2, relayCapacity: 2 }), 1)
conforms("workers with senders", remote({ count: 2, relayCapacity: 2, hasSenders: true }), 1)
