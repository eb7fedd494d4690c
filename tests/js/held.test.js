import assert from "node:assert/strict"
import { test } from "node:test"
import { Held } from "../../static/js/log/held.js"

const entry = seq => ({ type: "text_message", seq })

function holding(...seqs) {
  const held = new Held(0)
  for (const seq of seqs) held.add(entry(seq))
  return held
}

test("entries that came after the rows were read are known", () => {
  assert.deepEqual(holding(5, 6, 8).after(5), [entry(6), entry(8)])
})

test("rows that were read before the page was loaded leave a gap", () => {
  assert.equal(new Held(5).after(3), null)
})

test("only the last hundred are held", () => {
  const held = holding(...Array(101).keys())

  assert.equal(held.after(-1), null)
})

test("nothing is missing where nothing came", () => {
  assert.deepEqual(new Held(3).after(3), [])
})
