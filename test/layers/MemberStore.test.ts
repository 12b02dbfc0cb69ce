import * as MemberStore from "../../src/layers/MemberStore.ts"
import { conforms } from "../conformance/MemberStore.ts"

conforms("heap", MemberStore.heap)
