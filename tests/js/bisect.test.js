import assert from "node:assert/strict"
import { test } from "node:test"
import { indexOfFirst } from "../../static/js/shared/bisect.js"

for (const length of [0, 1, 2, 7, 8]) {
  test(`the first of ${length} for which something is so is found`, () => {
    const all = [...Array(length).keys()]
    for (const first of [...all, length])
      assert.equal(
        indexOfFirst(all, each => each >= first),
        first,
      )
  })
}
