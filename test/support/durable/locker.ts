/** A process that has a database file locked until it is told to let go, by a line of input. */
import { once } from "node:events"
import { DatabaseSync } from "node:sqlite"

const [path = ""] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec("BEGIN IMMEDIATE")
console.log("locked")
await once(process.stdin, "data")
database.exec("COMMIT")
console.log("released")
database.close()
process.exit(0)
