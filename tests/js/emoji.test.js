import assert from "node:assert/strict"
import { test } from "node:test"
import data from "../../discussit/text/emoji.json" with { type: "json" }

test("Unicode recommends every emoji for exchange, in this form", () => {
  const rows = Object.values(data.groups).flat()
  const emoji = rows.flatMap(([emoji, , , tones]) => [emoji, ...tones.split(" ")]).filter(Boolean)

  assert.deepEqual(
    emoji.filter(each => !/^\p{RGI_Emoji}$/v.test(each)),
    [],
  )
})
