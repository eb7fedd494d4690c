import assert from "node:assert/strict"
import { test } from "node:test"
import file from "../../static/emoji.json" with { type: "json" }
import { parsed } from "../../static/js/emoji/data.js"
import { search } from "../../static/js/emoji/search.js"

const data = parsed(file)
const found = (term, limit = 2_000) => search(data, term, limit).map(({ emoji }) => emoji)

test("an alias comes first, then those that begin so", () => {
  assert.equal(found("heart")[0], "❤️")
  assert.equal(found("tada")[0], "🎉")
  assert.deepEqual(found("+1"), ["👍"])
  assert.ok(search(data, "heart_e", 3)[0].aliases.includes("heart_eyes"))
})

test("colons, capitals, accents and spaces between words don't matter", () => {
  assert.equal(found(":tada:")[0], "🎉")
  assert.equal(found("Thumbs UP")[0], "👍")
  assert.equal(found("heart eyes")[0], "😍")
  assert.equal(found("Piñata")[0], "🪅")
  assert.deepEqual(found("cote d'ivoire"), found("Côte d’Ivoire"))
  assert.equal(found("cote d'ivoire")[0], "🇨🇮")
})

test("what is called so comes before what begins so, and that before what contains it", () => {
  const [whole, begins, within] = ["🐈‍⬛", "🪝", "🎓"].map(each => found("cat").indexOf(each))

  assert.ok(whole < begins && begins < within, `${whole} ${begins} ${within}`)
})

test("tags lead to emoji, and several words must all fit", () => {
  assert.ok(found("celebration").includes("🎉"))
  assert.ok(found("black cat").includes("🐈‍⬛"))
  assert.ok(!found("black cat").includes("🐱"))
})

test("an emoji finds itself", () => assert.deepEqual(found("🎉"), ["🎉"]))

test("nothing is found for nothing, nor for what no emoji is called", () => {
  for (const term of ["", " ", "::", "xyzzy", "cat xyzzy"]) assert.deepEqual(found(term), [], term)
})

test("no more than the limit are found", () => {
  assert.equal(found("a", 7).length, 7)
  assert.deepEqual(found("a", 7), found("a").slice(0, 7))
})
