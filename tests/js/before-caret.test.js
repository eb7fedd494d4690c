import assert from "node:assert/strict"
import { test } from "node:test"
import { typedBefore } from "../../static/js/completion/before-caret.js"

function typed(text) {
  const found = typedBefore(text)
  return found && `${text.slice(found.start, found.start + 1)}${found.term}`
}

test("a name begins with its sign, even before its first letter", () => {
  for (const [text, found] of [
    ["@", "@"],
    ["hello @al", "@al"],
    ["two\nlines @al", "@al"],
    ["(@al", "@al"],
    ["_@al", "@al"],
    ["**@al", "@al"],
    ["@al.b-c+d_e", "@al.b-c+d_e"],
    ["@me@home", "@me@home"],
    ["ありがとう@さくら", "@さくら"],
    ["@Jür", "@Jür"],
  ])
    assert.equal(typed(text), found, text)
})

test("an alias begins with its sign and two characters", () => {
  for (const [text, found] of [
    [":ta", ":ta"],
    ["well done :tad", ":tad"],
    ["(:+1", ":+1"],
    [":8ball", ":8ball"],
  ])
    assert.equal(typed(text), found, text)
})

test("a name says where it begins", () => {
  assert.equal(typedBefore("one\ntwo @al").start, 8)
})

test("nothing is completed within a word, an address, a time or a face", () => {
  for (const text of [
    "mail bob@example",
    "bob.@al",
    "https://example.org/@al",
    "see www.example.org/:ta",
    "10:30",
    "at :30",
    "std::vector",
    "note:this",
    ":p",
    ":D",
    ":tada:",
    "@al ",
    "@al, ",
    "no sign",
    "",
  ])
    assert.equal(typed(text), null, text)
})

test("nothing is completed within code", () => {
  for (const text of ["`@al", "``a ` b @al", "```\n@al", "```js\nlet a\n:ta", "a `b` `@al"]) {
    assert.equal(typed(text), null, text)
  }
})

test("names and emoji are completed after code", () => {
  for (const text of ["`code` @al", "```\ncode\n```\n@al", "it's `` a ` b `` @al"])
    assert.equal(typed(text), "@al", text)
})

test("a quote mentions nobody, but may have emoji", () => {
  assert.equal(typed("> @al"), null)
  assert.equal(typed("> :tada"), ":tada")
  assert.equal(typed(">_< @al"), "@al")
})
