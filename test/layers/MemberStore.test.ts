import * as MemberStore from "../../src/layers/MemberStore.ts"
import { hybrid } from "../../src/layers/MemberStore/hybrid.ts"
import { conforms } from "../conformance/MemberStore.ts"

conforms("heap", MemberStore.heap)
conforms("hybrid", hybrid())
conforms("hybrid, in leaves that are soon full", hybrid({ leafRows: 4, recentChanges: 2, workers: 2 }))
conforms(
  "hybrid, in the smallest leaves, written anew with each change",
  hybrid({ leafRows: 2, recentChanges: 0, workers: 1 })
)
