import { finish, mix } from './digest.ts'
import { Field } from './node-table.ts'

/** As `mixLong` takes a 64-bit field: its lower half first. */
const halves = (field: number): number[] => [field + 4, field]

const fieldsOfData = [Field.version, ...halves(Field.mzxid), ...halves(Field.mtime)]
const fieldsOfRest = [
  Field.aversion,
  Field.childCreations,
  Field.childCount,
  ...halves(Field.czxid),
  ...halves(Field.ctime),
  ...halves(Field.owner),
  ...halves(Field.pzxid),
]

/** The half of what a node adds to the state's digest that changes with the data. Its record stands in `view` at `at`. */
export function digestOfData(view: DataView, at: number, dataHash: number): number {
  return mixFields(mix(view.getInt32(at + Field.pathHash), dataHash), view, at, fieldsOfData)
}

/** The half that changes with the children and the access control list. */
export function digestOfRest(view: DataView, at: number, aclHash: number): number {
  return mixFields(mix(view.getInt32(at + Field.pathHash) ^ 0x5bd1e995, aclHash), view, at, fieldsOfRest)
}

/** A loop, for the engine does not inline as many calls of `mix`, and takes long to compile those that it does. */
function mixFields(start: number, view: DataView, at: number, fields: readonly number[]): number {
  let h = start
  for (let i = 0; i < fields.length; i++) h = mix(h, view.getInt32(at + (fields[i] as number)))
  return finish(h)
}
