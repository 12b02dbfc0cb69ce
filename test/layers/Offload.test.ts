import * as Offload from "../../src/layers/Offload.ts"
import { conforms } from "../conformance/Offload.ts"

conforms("inline", Offload.inline)
