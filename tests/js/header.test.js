import assert from "node:assert/strict"
import { test } from "node:test"
import { continues } from "../../static/js/log/header.js"
import headers from "../corpus/headers.json" with { type: "json" }

const FIVE_MINUTES = 300

for (const [index, { above, author, timestamp, continues: expected }] of headers.entries()) {
  test(`row ${index} of the corpus ${expected ? "goes on under the header above" : "has its own header"}`, () => {
    assert.equal(continues(above, author, new Date(timestamp), FIVE_MINUTES), expected)
  })
}
