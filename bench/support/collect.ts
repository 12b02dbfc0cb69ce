/** The garbage collector, for figures that take what is in use: no option has to be given to the process. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")

export const collectGarbage: () => void = runInNewContext("gc")
