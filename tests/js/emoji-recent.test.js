import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { noteUsed, recent } from "../../static/js/emoji/recent.js"
import { setTone, toneOf } from "../../static/js/emoji/tones.js"

const SUGGESTED = ["👍", "❤️", "😂", "🎉", "😮", "😢"]
let stored

beforeEach(() => {
  stored = new Map()
  globalThis.document = { querySelector: () => ({ dataset: { suggested: SUGGESTED.join(" ") } }) }
  globalThis.localStorage = {
    getItem: key => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: key => stored.delete(key),
  }
})

test("before any are used, the server's suggestions are the recent ones", () => {
  assert.deepEqual(recent("1"), SUGGESTED)
})

test("the last used comes first, once, and displaces the last suggestion", () => {
  for (const emoji of ["🍅", "🎉", "🍅"]) noteUsed("1", emoji)

  assert.deepEqual(recent("1"), ["🍅", "🎉", "👍", "❤️", "😂", "😮"])
})

test("six are kept", () => {
  for (const emoji of ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣"]) noteUsed("1", emoji)

  assert.deepEqual(recent("1"), ["7️⃣", "6️⃣", "5️⃣", "4️⃣", "3️⃣", "2️⃣"])
})

test("each account has its own, and its own skin tone", () => {
  noteUsed("1", "🍅")
  setTone("1", 3)

  assert.deepEqual(recent("2"), SUGGESTED)
  assert.deepEqual([toneOf("1"), toneOf("2")], [3, 0])
})

test("a tone that doesn't exist is none", () => {
  for (const tone of [9, -1, Number.NaN]) {
    setTone("1", tone)
    assert.equal(toneOf("1"), 0)
  }
})
