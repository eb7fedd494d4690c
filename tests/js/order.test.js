import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { compareRanks } from "../../static/js/pages/order.js"

const corpus = JSON.parse(readFileSync(new URL("../corpus/group_order.json", import.meta.url), "utf8"))

/** @param {(group: { isDirect: boolean }) => number} partOf */
function inOrder(partOf) {
  const ranked = Object.entries(corpus.groups).map(([name, group]) => ({ name, ...group, part: partOf(group) }))
  return ranked.sort(compareRanks).map(({ name }) => name)
}

test("groups stand in the corpus order at home", () => {
  assert.deepEqual(
    inOrder(() => 0),
    corpus.home,
  )
})

test("beside the log, direct groups come first", () => {
  assert.deepEqual(
    inOrder(({ isDirect }) => (isDirect ? 0 : 1)),
    corpus.beside,
  )
})

test("groups that are equal stay as they are", () => {
  const [rank] = Object.values(corpus.groups)

  assert.equal(compareRanks({ ...rank, part: 0 }, { ...rank, part: 0 }), 0)
})
