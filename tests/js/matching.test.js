import assert from "node:assert/strict"
import { test } from "node:test"
import { completing, isSame } from "../../static/js/completion/matching.js"

const NAMES = ["zoe", "joanna", "mary-ann", "Anna", "ANTON", "Straße"]

test("names that begin with the term come first, then those with a part that does, then those that contain it", () => {
  assert.deepEqual(completing(NAMES, "an", 9), ["Anna", "ANTON", "mary-ann", "joanna"])
})

test("case and the forms of letters make no difference", () => {
  assert.deepEqual(completing(NAMES, "STRASS", 9), ["Straße"])
  assert.deepEqual(completing(["Émile"], "e\u0301", 9), ["Émile"])
  assert.ok(isSame("Anna", "ANNA"))
  assert.ok(!isSame("Anna", "Ann"))
})

test("without a term all names keep their order, up to the limit", () => {
  assert.deepEqual(completing(NAMES, "", 2), ["zoe", "joanna"])
})
