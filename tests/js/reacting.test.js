import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { Reacting } from "../../static/js/log/reacting.js"
import { withOwn } from "../../static/js/log/reactions.js"

const row = {}
const chip = { dataset: { emoji: "👍" }, pressed: "false", closest: () => ({ getAttribute: () => "7" }) }
chip.getAttribute = () => chip.pressed

/** What is shown of the reader's own reaction: undefined where it is as the log says. */
let shown
let sent
let explained
let reacting

beforeEach(() => {
  globalThis.document = { getElementById: () => row }
  ;[shown, sent, explained, chip.pressed] = [[], [], "", "false"]
  const reactions = {
    show: (_row, _emoji, wanted) => shown.push(wanted),
    follow: (_row, _reaction, wanted) => shown.push(wanted),
  }
  reacting = new Reacting(
    reactions,
    command => sent.push(command),
    text => {
      explained = text
    },
  )
})

test("a press sends the state that is wanted, and shows it immediately", () => {
  reacting.press(chip)
  chip.pressed = "true"
  reacting.press(chip)

  assert.deepEqual(
    sent.map(({ type, target, emoji, on }) => [type, target, emoji, on]),
    [
      ["react", 7, "👍", true],
      ["react", 7, "👍", false],
    ],
  )
  assert.deepEqual(shown, [true, false])
})

test("what others do meanwhile changes nothing of what is wanted", () => {
  reacting.press(chip)

  reacting.follow(row, { target: 7, emoji: "👍" })
  reacting.follow(row, { target: 7, emoji: "🍅" })

  assert.deepEqual(shown, [true, true, undefined])
})

test("what was refused is shown as the log says", () => {
  reacting.press(chip)

  reacting.refused({ client_id: sent[0].client_id, code: "gone", message: "This message was deleted." })

  assert.deepEqual(shown, [true, undefined])
  assert.equal(explained, "Your reaction was not saved. This message was deleted.")
})

test("what was acknowledged is wanted until the log has come so far", () => {
  reacting.press(chip)
  reacting.acknowledged({ client_id: sent[0].client_id, seq: 12 })

  reacting.settle(11)
  assert.deepEqual(shown, [true])
  reacting.settle(12)
  assert.deepEqual(shown, [true, undefined])
})

test("answers to an earlier press, and to other commands, end nothing", () => {
  reacting.press(chip)
  reacting.press(chip)

  reacting.refused({ client_id: sent[0].client_id })
  reacting.refused({})
  reacting.acknowledged({ client_id: "a message's", seq: 12 })
  reacting.settle(12)

  assert.deepEqual(shown, [true, true])
})

test("only what was not answered is sent again, with its id", () => {
  reacting.press(chip)
  reacting.resume()
  reacting.acknowledged({ client_id: sent[0].client_id, seq: 12 })
  reacting.resume()

  assert.equal(sent.length, 2)
  assert.deepEqual(sent[1], sent[0])
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
