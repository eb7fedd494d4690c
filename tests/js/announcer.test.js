import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Announcer } from "../../static/js/log/announcer.js"

const message = (content, fields = {}) => ({ type: "text_message", author: "alice", content, ...fields })

/** What bob's screen reader has read since the last time. */
let read
let announcer

beforeEach(context => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const said = []
  globalThis.document = { hidden: false, createElement: () => ({ textContent: "", remove() {} }) }
  announcer = new Announcer({ append: part => said.push(part) }, "bob")
  read = () => said.splice(0).map(part => part.textContent)
})

function arrive(...contents) {
  for (const content of contents) announcer.announce(message(content))
}

test("a new message is read with its author, twice if it comes twice", () => {
  arrive("hi", "hi")

  assert.deepEqual(read(), ["alice: hi", "alice: hi"])
})

test("after three messages in five seconds the others are counted", context => {
  arrive("1", "2", "3", "4", "5")
  assert.deepEqual(read(), ["alice: 1", "alice: 2", "alice: 3"])
  context.mock.timers.tick(4_999)
  assert.deepEqual(read(), [])

  context.mock.timers.tick(1)

  assert.deepEqual(read(), ["2 new messages"])
})

test("no five seconds have more than three texts", context => {
  const texts = []
  for (let now = 0; now < 60_000; now += 100) {
    arrive("on and on")
    texts.push(...read().map(text => ({ now, text })))
    context.mock.timers.tick(100)
  }

  assert.ok(texts.length > 20)
  assert.ok(texts.every(({ now }, index) => index < 3 || now - texts[index - 3].now >= 5_000))
})

test("every message is read or counted", context => {
  let count = 0
  for (let turn = 0; turn < 100; turn += 1) {
    arrive("one", "another")
    context.mock.timers.tick(700)
  }
  context.mock.timers.tick(10_000)

  for (const text of read()) count += text.startsWith("alice") ? 1 : Number.parseInt(text, 10)

  assert.equal(count, 200)
})

test("one message that was not read is one new message", context => {
  arrive("1", "2", "3", "4")
  read()

  context.mock.timers.tick(5_000)

  assert.deepEqual(read(), ["1 new message"])
})

for (const [mentions, text] of [
  [["bob"], "alice mentions you: hi"],
  [["everyone"], "alice mentions you: hi"],
  [["cleo"], "alice: hi"],
]) {
  test(`a message that mentions ${mentions} is read as "${text}"`, () => {
    announcer.announce(message("hi", { mentions }))

    assert.deepEqual(read(), [text])
  })
}

test("what is counted says how many mentions there are", context => {
  arrive("1", "2", "3", "4")
  announcer.announce(message("hi", { mentions: ["bob"] }))
  read()

  context.mock.timers.tick(5_000)

  assert.deepEqual(read(), ["2 new messages, 1 mention"])
})

test("a page that nobody sees reads nothing, neither then nor later", context => {
  arrive("1", "2", "3", "4")
  document.hidden = true
  arrive("5")
  read()
  context.mock.timers.tick(5_000)
  document.hidden = false

  context.mock.timers.tick(60_000)

  assert.deepEqual(read(), [])
})

test("of a message that is deleted nothing stays on the page", () => {
  const removed = []
  document.createElement = () => ({ textContent: "", remove: () => removed.push("one") })
  announcer.announce(message("secret", { seq: 7 }))

  announcer.forget(8)
  announcer.forget(7)

  assert.deepEqual(removed, ["one"])
})

test("a message that was deleted meanwhile is not read", () => {
  announcer.announce(message("", { deleted: true }))

  assert.deepEqual(read(), [])
})

for (const [text, begin] of [
  ["a\n\n  b", "a b"],
  ["x".repeat(200), "x".repeat(200)],
  ["x".repeat(201), `${"x".repeat(200)}…`],
  ["🙂".repeat(201), `${"🙂".repeat(200)}…`],
  [`${"word ".repeat(39)}words and more`, `${"word ".repeat(39)}words…`],
  [`${"x".repeat(198)} long words`, `${"x".repeat(198)}…`],
  [`a ${"x".repeat(300)}`, `a ${"x".repeat(198)}…`],
]) {
  test(`of ${text.length} characters from "${text.slice(0, 10)}", ${begin.length} are read`, () => {
    arrive(text)

    assert.deepEqual(read(), [`alice: ${begin}`])
  })
}
