import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { hasIn } from "../../static/js/pages/filter.js"
import { peopleIn } from "../../static/js/pages/rows.js"

test("a filter finds part of a name, whatever its case and without its joiners", () => {
  const corpus = JSON.parse(readFileSync(new URL("../corpus/filters.json", import.meta.url), "utf8"))
  for (const { name, term, isFound } of corpus) assert.equal(hasIn(name, term), isFound, `${term} in ${name}`)
})

test("a direct group has the faces of those after whom it is called, three at most", () => {
  assert.deepEqual(peopleIn("bob", "alice"), ["bob"])
  assert.deepEqual(peopleIn("bob, carol, dan, emil", "alice"), ["bob", "carol", "dan"])
})

test("one's own notes have one's own face", () => {
  assert.deepEqual(peopleIn("Notes to self", "alice"), ["alice"])
})
