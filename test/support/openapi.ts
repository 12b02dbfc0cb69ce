/**
 * Discord's own description of its REST API, and how an answer is held against it. It is not a part of this project: it comes
 * from the public repository discord/discord-api-spec (`specs/openapi.json`) and is looked for beside the project's folder.
 */
import { Predicate } from "effect"
import addFormats from "ajv-formats"
import { Ajv2020 } from "ajv/dist/2020.js"
import { existsSync, readFileSync } from "node:fs"

export const FILE = new URL("../../../shared/discord/openapi.json", import.meta.url)

export const isThere: boolean = existsSync(FILE)

export type Method = "get" | "post" | "patch" | "put" | "delete"

type Json = Readonly<Record<string, unknown>>

const isJson = (value: unknown): value is Json => Predicate.isObject(value)

/** Formats that say how large a number is, which JSON Schema does not know. */
const FORMATS = ["int32", "int64", "double", "snowflake", "nonce"]

const pointer = (parts: ReadonlyArray<string>): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")

export const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce((found: unknown, key) => (isJson(found) ? found[key] : undefined), value)

/** What is at a place of the description; it may stand elsewhere. */
const resolved = (
  document: Json,
  path: ReadonlyArray<string>
): readonly [value: unknown, path: ReadonlyArray<string>] => {
  const value = at(document, path)
  if (!isJson(value) || typeof value["$ref"] !== "string") return [value, path]
  return resolved(document, value["$ref"].split("/").slice(1))
}

export interface Specification {
  readonly paths: ReadonlyArray<readonly [method: Method, path: string]>
  /** What is wrong with an answer; nothing if it is as described. */
  readonly complaints: (method: Method, path: string, status: number, body: unknown) => ReadonlyArray<string>
  /** Values of every shape of a schema by its name; see {@link Known}. */
  readonly values: (schema: string, known: Known) => ReadonlyArray<unknown>
  /** Bodies of every shape that a request may have; see {@link Known}. */
  readonly bodies: (method: Method, path: string, known: Known) => ReadonlyArray<unknown>
}

/** Values that mean something here: for a field, those to try; for ids, those that there are. Nothing for any. */
export type Known = (field: string) => ReadonlyArray<unknown> | undefined

const METHODS: ReadonlySet<string> = new Set(["get", "post", "patch", "put", "delete"])
const isMethod = (name: string): name is Method => METHODS.has(name)

export const load = (): Specification => {
  const document: unknown = JSON.parse(readFileSync(FILE, "utf8"))
  if (!isJson(document) || !isJson(document["paths"])) throw new Error(`${FILE.pathname} is no description of an API`)
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  for (const format of FORMATS) ajv.addFormat(format, true)
  ajv.addSchema({ ...document, $id: "discord" })

  const complaints: Specification["complaints"] = (method, path, status, body) => {
    const [response, place] = resolved(document, ["paths", path, method, "responses", String(status)])
    if (!isJson(response)) return [`${status} is not documented`]
    const schema = [...place, "content", "application/json", "schema"]
    if (at(document, schema) === undefined) return body === undefined ? [] : ["a body, where none is documented"]
    const validate = ajv.compile({ $ref: `discord#${pointer(schema)}` })
    if (validate(body) === true) return []
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ""}`)
  }

  const bodies: Specification["bodies"] = (method, path, known) => {
    const schema = at(document, ["paths", path, method, "requestBody", "content", "application/json", "schema"])
    return schema === undefined ? [undefined] : shapes(document, schema, known)
  }

  const paths = Object.entries(document["paths"]).flatMap(([path, operations]) =>
    Object.keys(isJson(operations) ? operations : {})
      .filter(isMethod)
      .map((method) => [method, path] as const)
  )
  const values: Specification["values"] = (schema, known) =>
    shapes(document, { $ref: `#/components/schemas/${schema}` }, known)
  return { paths, complaints, bodies, values }
}

const LONGEST = 4_100

const list = (value: unknown): ReadonlyArray<unknown> =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined)

const texts = (schema: Json): ReadonlyArray<string> => {
  switch (schema["format"]) {
    case "date-time":
      return ["2030-01-01T00:00:00.000Z", "2030-01-01T00:00:00+00:00"]
    case "uri":
      return ["https://example.com/a"]
    case "snowflake":
      return ["1"]
  }
  const least = number(schema["minLength"]) ?? 0
  const most = Math.min(number(schema["maxLength"]) ?? 20, LONGEST)
  return Array.from(new Set(["x".repeat(least), "x".repeat(Math.max(1, least)), "x".repeat(most)]))
}

const numbers = (schema: Json): ReadonlyArray<number> => {
  const least = Math.max(number(schema["minimum"]) ?? 0, Number.MIN_SAFE_INTEGER)
  const most = Math.min(number(schema["maximum"]) ?? Math.max(least, 1), Number.MAX_SAFE_INTEGER)
  return Array.from(new Set([least, most]))
}

/**
 * Values of every shape that a schema allows: each of its kinds, its shortest and longest texts, its least and greatest
 * numbers; of an object with no more than it must have, with each other field alone, and with all of them.
 */
const shapes = (document: Json, schema: unknown, known: Known, depth = 0): ReadonlyArray<unknown> => {
  if (!isJson(schema) || depth > 6) return []
  if (typeof schema["$ref"] === "string") {
    const [value] = resolved(document, schema["$ref"].split("/").slice(1))
    return shapes(document, value, known, depth)
  }
  const of = (inner: unknown) => shapes(document, inner, known, depth + 1)
  if (schema["const"] !== undefined) return [schema["const"]]
  if (schema["enum"] !== undefined) return list(schema["enum"])
  const choices = [...list(schema["oneOf"]), ...list(schema["anyOf"])]
  if (choices.length > 0) return choices.flatMap(of)
  if (schema["allOf"] !== undefined) return list(schema["allOf"]).slice(0, 1).flatMap(of)
  return list(schema["type"]).flatMap((type) => {
    switch (type) {
      case "null":
        return [null]
      case "boolean":
        return [false, true]
      case "integer":
      case "number":
        return numbers(schema)
      case "string":
        return texts(schema)
      case "array":
        return [[], ...of(schema["items"]).map((item) => [item])]
      case "object":
        return objects(schema, of, known)
      default:
        return []
    }
  })
}

const objects = (
  schema: Json,
  of: (inner: unknown) => ReadonlyArray<unknown>,
  known: Known
): ReadonlyArray<unknown> => {
  const properties = isJson(schema["properties"]) ? schema["properties"] : {}
  const fields = Object.entries(properties).map(([name, inner]) => ({ name, values: known(name) ?? of(inner) }))
  const required = new Set(list(schema["required"]))
  const first = ({ values }: { readonly values: ReadonlyArray<unknown> }) => values.find((value) => value !== null)
  const needed = Object.fromEntries(
    fields.filter(({ name }) => required.has(name)).map((field) => [field.name, first(field)])
  )
  const each = fields.flatMap(({ name, values }) => values.map((value) => ({ ...needed, [name]: value })))
  const all = Object.fromEntries(
    fields.filter(({ values }) => values.length > 0).map((field) => [field.name, first(field)])
  )
  return [needed, ...each, all]
}
