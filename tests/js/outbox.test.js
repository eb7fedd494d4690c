import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Outbox } from "../../static/js/composer/outbox.js"
import { refuseLeft } from "../../static/js/editing/unsent.js"
import { storage } from "./storage.js"

const PREFIX = "discussit:account:1:outbox:g:"

const tab = { id: "here", gone: async ids => ids.filter(id => id === "gone") }
const page = { account: "1", group: "g", epoch: "first", tab }
const opened = () => new Outbox(page, () => {})

beforeEach(() => {
  globalThis.addEventListener = () => {}
  globalThis.localStorage = storage()
  globalThis.sessionStorage = storage()
})

test("everything is kept in the order of sending, for other tabs as well", () => {
  const outbox = opened()
  outbox.add({ type: "text_message", message: "hi", reply_to: 3 })
  outbox.add({ type: "edit_message", target: 3, rev: 0, message: "ho" })
  outbox.add({ type: "delete_message", target: 4 })
  outbox.add({ type: "react", target: 5, emoji: "👍", on: false })

  assert.deepEqual(
    opened().items.map(({ command }) => command),
    outbox.items.map(({ command }) => command),
  )
  assert.deepEqual(
    outbox.items.map(({ command }) => command.type),
    ["text_message", "edit_message", "delete_message", "react"],
  )
})

test("messages are stored as tabs of the previous version store them, which find nothing else", () => {
  const outbox = opened()
  outbox.add({ type: "text_message", message: "hi", reply_to: 3 })
  outbox.add({ type: "edit_message", target: 3, rev: 0, message: "ho" })

  const [message, edit] = Object.keys(localStorage)
    .sort()
    .map(key => JSON.parse(localStorage.getItem(key)))
  assert.deepEqual({ ...message, client_id: "" }, { client_id: "", message: "hi", reply_to: 3 })
  assert.equal(edit.message, undefined)
})

test("a message of the previous version is read", () => {
  localStorage.setItem(`${PREFIX}001764190000000:old`, JSON.stringify({ client_id: "old", message: "hi", seq: 4 }))

  assert.deepEqual(opened().items, [{ client_id: "old", seq: 4, command: { type: "text_message", message: "hi" } }])
})

for (const command of [
  { type: "edit_message", target: 3, rev: 0 },
  { type: "edit_message", target: "x", rev: 0, message: "hi" },
  { type: "delete_message" },
  { type: "react", target: 3 },
  { type: "launch" },
  null,
]) {
  test(`${JSON.stringify(command)} is no command`, () => {
    localStorage.setItem(`${PREFIX}001764190000000:odd`, JSON.stringify({ client_id: "odd", command }))

    assert.deepEqual(opened().items, [])
  })
}

test("a message that was not sent gets another text, and one that may have been does not", () => {
  const outbox = opened()
  const id = outbox.add({ type: "text_message", message: "hi", reply_to: 3 })

  assert.ok(outbox.rewrite(id, "ho"))
  outbox.sending(id)
  assert.ok(!outbox.rewrite(id, "he"))
  assert.ok(!outbox.hold(id))
  assert.deepEqual(outbox.items[0].command, { type: "text_message", message: "ho", reply_to: 3 })
})

test("a refused message can be changed and sent again", () => {
  const outbox = opened()
  const id = outbox.add({ type: "text_message", message: "hi" })
  outbox.sending(id)
  outbox.refuse(id, "You're sending too fast.")

  assert.ok(outbox.hold(id))
  assert.ok(outbox.rewrite(id, "ho"))
  outbox.release(id)
  assert.deepEqual(
    outbox.waiting.map(({ command, refusal }) => [command.message, refusal]),
    [["ho", undefined]],
  )
})

test("what is being changed is not sent, and stays after its tab is gone", async () => {
  const outbox = opened()
  const id = outbox.add({ type: "text_message", message: "hi" })
  outbox.hold(id)
  assert.deepEqual(outbox.waiting, [])

  await refuseLeft({ outbox, tab: { ...tab, id: "next" } }, () => false)
  assert.equal(outbox.items[0].heldBy, "here")

  await refuseLeft({ outbox, tab: { id: "later", gone: async ids => ids } }, () => false)
  assert.equal(outbox.items[0].refusal, "You were editing this when the page closed.")
})

test("what the log shows is removed", () => {
  const outbox = opened()
  const [first, second] = ["hi", "ho"].map(message => outbox.add({ type: "text_message", message }))
  outbox.acknowledge(first, 4)
  outbox.acknowledge(second, 5)
  outbox.settle(4)

  assert.deepEqual(
    outbox.items.map(({ seq }) => seq),
    [5],
  )
})

test("an edit takes the place of one that was not sent, and follows one that may have been", () => {
  const outbox = opened()
  const edit = { type: "edit_message", target: 3, rev: 0 }
  const texts = () => outbox.items.map(({ command }) => [command.rev, command.message])
  outbox.add({ ...edit, message: "one" })
  const second = outbox.add({ ...edit, message: "two" })
  assert.deepEqual(texts(), [[0, "two"]])

  outbox.sending(second)
  outbox.add({ ...edit, message: "three" })
  assert.deepEqual(texts(), [
    [0, "two"],
    [1, "three"],
  ])
})

test("an edit that was refused is replaced by the one that follows it, which is made of the same text", () => {
  const outbox = opened()
  const edit = { type: "edit_message", target: 3, rev: 0 }
  const first = outbox.add({ ...edit, message: "one" })
  outbox.sending(first)
  outbox.add({ ...edit, message: "two" })
  outbox.add({ ...edit, target: 4, rev: 1, message: "another" })

  outbox.refuse(first, "This message was edited in the meantime.")

  assert.deepEqual(
    outbox.waiting.map(({ command }) => [command.rev, command.message]),
    [
      [0, "two"],
      [1, "another"],
    ],
  )
  assert.equal(outbox.items.length, 2)
})

test("a message is held by the tab that took it last", () => {
  const outbox = opened()
  const id = outbox.add({ type: "text_message", message: "hi" })
  outbox.hold(id)

  new Outbox({ ...page, tab: { ...tab, id: "other" } }, () => {}).hold(id)

  assert.equal(outbox.items[0].heldBy, "other")
})

test("after the log was restored, its messages are others than those that were meant", () => {
  const outbox = opened()
  outbox.add({ type: "text_message", message: "hi" })
  outbox.add({ type: "delete_message", target: 4 })
  const restored = new Outbox({ ...page, epoch: "second" }, () => {})

  assert.deepEqual(
    outbox.items.map(item => [outbox.isOutdated(item), restored.isOutdated(item)]),
    [
      [false, false],
      [false, true],
    ],
  )
})
