import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { isEarly, Reacting } from "../../static/js/log/reacting.js"
import { withOwn } from "../../static/js/log/reactions.js"

const row = { dataset: { seq: "7" } }
const THUMB = { type: "react", target: 7, emoji: "👍" }

/** What is shown of the reader's own reaction: undefined where it is as the log says. */
let shown
let items
let isOwn
let reacting

/** In the outbox's place. */
const outbox = {
  get items() {
    return items
  },
  add(command, due) {
    items.push({ client_id: `${items.length}`, command, due })
    reacting.show()
  },
  discard(client_id) {
    items = items.filter(item => item.client_id !== client_id)
    reacting.show()
  },
}

beforeEach(() => {
  globalThis.document = { getElementById: () => row }
  ;[shown, items, isOwn] = [[], [], false]
  const reactions = {
    show: (_row, _emoji, wanted) => shown.push(wanted),
    follow: (_row, _reaction, wanted) => shown.push(wanted),
    isOwn: () => isOwn,
  }
  reacting = new Reacting(reactions, outbox)
})

test("what is wanted waits in the outbox as a state, for a moment", () => {
  reacting.set(row, "👍", true)

  assert.deepEqual(
    items.map(({ command }) => command),
    [{ ...THUMB, on: true }],
  )
  assert.ok(isEarly(items[0]))
  assert.equal(shown.at(-1), true)
})

test("pressing twice within that moment sends nothing", () => {
  reacting.set(row, "👍", true)
  reacting.set(row, "👍", false)

  assert.deepEqual(items, [])
  assert.equal(shown.at(-1), undefined)
})

test("what may be on its way is followed by the opposite", () => {
  reacting.set(row, "👍", true)
  items = items.map(item => ({ ...item, sent: true }))
  reacting.show()
  reacting.set(row, "👍", false)

  assert.deepEqual(
    items.map(({ command }) => command.on),
    [true, false],
  )
  assert.equal(shown.at(-1), false)
})

test("what waited for long is replaced by the opposite, since another tab may be sending it", () => {
  items = [{ client_id: "old", command: { ...THUMB, on: true }, due: Date.now() - 1_000 }]
  reacting.show()
  reacting.set(row, "👍", false)

  assert.deepEqual(
    items.map(({ command }) => command.on),
    [false],
  )
})

test("what others do meanwhile changes nothing of what is wanted", () => {
  reacting.set(row, "👍", true)

  reacting.follow(row, { target: 7, emoji: "👍" })
  reacting.follow(row, { target: 7, emoji: "🍅" })

  assert.deepEqual(shown.slice(-2), [true, undefined])
})

test("what was refused is shown as the log says", () => {
  reacting.set(row, "👍", true)
  items = items.map(item => ({ ...item, refusal: "This message was deleted." }))
  reacting.show()

  assert.equal(shown.at(-1), undefined)
})

test("what was acknowledged is wanted until it leaves the outbox, when the log has it", () => {
  reacting.set(row, "👍", true)
  items = items.map(item => ({ ...item, seq: 12 }))
  reacting.show()
  assert.equal(shown.at(-1), true)

  items = []
  reacting.show()
  assert.equal(shown.at(-1), undefined)
})

test("no clock that is set back holds a reaction for long", () => {
  assert.ok(!isEarly({ due: Date.now() + 3_600_000 }))
  assert.ok(!isEarly({}))
})

for (const [reacted, wanted, result] of [
  [{ count: 2, isOwn: false }, true, { count: 3, isOwn: true }],
  [{ count: 2, isOwn: true }, true, { count: 2, isOwn: true }],
  [{ count: 1, isOwn: true }, false, { count: 0, isOwn: false }],
  [{ count: 2, isOwn: true }, undefined, { count: 2, isOwn: true }],
]) {
  test(`${JSON.stringify(reacted)} where ${wanted} is wanted`, () => {
    assert.deepEqual(withOwn(reacted, wanted), result)
  })
}
