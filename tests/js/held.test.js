import assert from "node:assert/strict"
import { test } from "node:test"
import { Held } from "../../static/js/log/held.js"

const entry = seq => ({ type: "text_message", seq })

function holding(...seqs) {
  const held = new Held()
  for (const seq of seqs) held.add(entry(seq))
  return held
}

test("entries that came after the rows were read are given back, once", () => {
  const held = holding(5, 6, 8)

  const taken = [held.take(5), held.take(5)]

  assert.deepEqual(taken, [[entry(6), entry(8)], []])
})

test("rows that were read before the first one that is held leave a gap", () => {
  assert.equal(holding(5, 6).take(3), null)
})

test("only the last hundred are held", () => {
  const held = holding(...Array(101).keys())

  assert.equal(held.take(-1), null)
})

test("nothing is missing where nothing came", () => {
  assert.deepEqual(new Held().take(3), [])
})
