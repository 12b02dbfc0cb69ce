import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/Permitted.ts"
import { here, remote } from "../support/remote/world.ts"

conforms("inline", here(Offload.inline))
conforms("senders that are soon busy", here(Offload.senders({ capacity: 1 })))
conforms("workers", remote({ count: 2, relayCapacity: 2 }))
