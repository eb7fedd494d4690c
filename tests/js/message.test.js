import assert from "node:assert/strict"
import { test } from "node:test"
import { excerpt } from "../../static/js/log/excerpt.js"
import { difference } from "../../static/js/log/message.js"
import excerpts from "../corpus/excerpts.json" with { type: "json" }

for (const [one, other, start, before, after] of [
  ["tomatoes?", "beans?", 0, "tomatoe", "bean"],
  ["one two", "one and two", 4, "", "and "],
  ["one and two", "one two", 4, "and ", ""],
  ["aa", "aaa", 2, "", "a"],
  ["aaa", "aa", 2, "a", ""],
  ["same", "same", 4, "", ""],
  ["", "new", 0, "", "new"],
]) {
  test(`from "${one}" to "${other}"`, () => {
    assert.deepEqual(difference(one, other), { start, before, after })
  })
}

for (const { text, excerpt: line } of excerpts) {
  test(`the beginning of ${JSON.stringify(text.slice(0, 20))}… (${text.length} long)`, () => {
    assert.equal(excerpt(text), line)
  })
}
