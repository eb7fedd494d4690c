import assert from "node:assert/strict"
import { test } from "node:test"
import { hasIn } from "../../static/js/pages/filter.js"
import { peopleIn } from "../../static/js/pages/rows.js"

test("a filter finds part of a name, whatever its case and without its joiners", () => {
  for (const term of ["", "gard", "GARD", " den ", "g\u200dard", "🌻\ufe0f"])
    assert.ok(hasIn("Gar\u200cdening 🌻", term))
  for (const term of ["x", "gardening!", "%", ".*"]) assert.ok(!hasIn("Gardening", term))
})

test("a direct group has the faces of those after whom it is called, three at most", () => {
  assert.deepEqual(peopleIn("bob", "alice"), ["bob"])
  assert.deepEqual(peopleIn("bob, carol, dan, emil", "alice"), ["bob", "carol", "dan"])
})

test("one's own notes have one's own face", () => {
  assert.deepEqual(peopleIn("Notes to self", "alice"), ["alice"])
})
