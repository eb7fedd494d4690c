import assert from "node:assert/strict"
import { test } from "node:test"
import ofServer from "../../discussit/text/emoji.json" with { type: "json" }
import ofBrowser from "../../static/emoji.json" with { type: "json" }
import { parsed } from "../../static/js/emoji/data.js"
import { TONE_NAMES, withTone } from "../../static/js/emoji/tones.js"

const data = parsed(ofBrowser)

test("Unicode recommends every emoji for exchange, in this form", () => {
  const rows = Object.values(ofServer.groups).flat()
  const emoji = rows.flatMap(([emoji, , , tones]) => [emoji, ...tones.split(" ")]).filter(Boolean)

  assert.deepEqual(
    emoji.filter(each => !/^\p{RGI_Emoji}$/v.test(each)),
    [],
  )
})

test("browsers have the emoji of the server, in the same groups and order", () => {
  const rows = data.groups.map(group => [group.name, group.emoji.map(toRow)])

  assert.deepEqual(Object.fromEntries(rows), ofServer.groups)
  assert.deepEqual(
    data.groups.map(({ name }) => name),
    Object.keys(ofServer.groups),
  )
})

function toRow({ emoji, name, aliases, tones }) {
  return [emoji, name, aliases.join(" "), tones.join(" ")]
}

test("every emoji with skin tones has one for each tone", () => {
  const toned = [...data.byCharacter.values()].filter(({ tones }) => tones.length)

  assert.ok(toned.length > 300)
  for (const emoji of toned) {
    const shown = new Set(TONE_NAMES.map((_name, tone) => withTone(emoji, tone)))
    assert.equal(shown.size, TONE_NAMES.length, emoji.name)
  }
})

test("everybody in an emoji has the tone that was chosen", () => {
  assert.equal(withTone(data.byCharacter.get("🤝"), 3), "🤝🏽")
  assert.equal(withTone(data.byCharacter.get("👩‍❤️‍👨"), 5), "👩🏿‍❤️‍👨🏿")
  assert.equal(withTone(data.byCharacter.get("☝️"), 1), "☝🏻")
  assert.equal(withTone(data.byCharacter.get("🎉"), 5), "🎉")
})
