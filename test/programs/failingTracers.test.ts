import { conforms } from "../conformance/Tracer.ts"
import { failingTracers } from "../support/failingTracers.ts"

for (const [name, make] of Object.entries(failingTracers)) conforms(name, make)
