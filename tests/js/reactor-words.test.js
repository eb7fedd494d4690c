import assert from "node:assert/strict"
import { test } from "node:test"
import { reactorWords } from "../../static/js/reactions/reactor-words.js"

function words(count, users, { user = "me", isOwn = false } = {}) {
  return reactorWords({ emoji: "👍", count, users }, user, isOwn)
    .map(piece => (typeof piece === "string" ? piece : piece.name))
    .join("")
}

test("the user comes last, as you", () => {
  assert.equal(words(3, ["alice", "me", "bob"], { isOwn: true }), "alice, bob and you reacted with 👍")
  assert.equal(words(1, ["me"], { isOwn: true }), "You reacted with 👍")
})

test("a reaction that the user has just set or taken back counts as they see it", () => {
  assert.equal(words(2, ["alice"], { isOwn: true }), "alice and you reacted with 👍")
  assert.equal(words(1, ["alice", "me"]), "alice reacted with 👍")
})

test("of many, the first are named", () => {
  const users = Array.from({ length: 20 }, (_, n) => `u${n}`)

  assert.match(words(30, users, { isOwn: true }), /^u0, u1, .*, u11, you and 17 others reacted with 👍$/)
})

test("one more is another", () => {
  assert.equal(words(2, ["alice"]), "alice and 1 other reacted with 👍")
})

test("without names there is a number", () => {
  assert.equal(words(1, []), "1 person reacted with 👍")
  assert.equal(words(4, []), "4 people reacted with 👍")
})
