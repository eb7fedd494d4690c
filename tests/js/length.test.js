import assert from "node:assert/strict"
import { test } from "node:test"
import { charactersLeft, lengthNote } from "../../static/js/composer/length.js"

test("a character counts once, however a string stores it", () => {
  assert.equal(charactersLeft("🌱🌱", 10), 8)
  assert.equal(charactersLeft("🌱".repeat(11), 10), -1)
})

test("the counter says nothing until the limit is near", () => {
  assert.deepEqual([501, 500, 1, 0, -1, -2].map(lengthNote), [
    "",
    "500 characters left",
    "1 character left",
    "0 characters left",
    "1 character too long",
    "2 characters too long",
  ])
})
