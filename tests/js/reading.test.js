import assert from "node:assert/strict"
import { test } from "node:test"
import { Reading } from "../../static/js/unread/reading.js"

const message = (seq, author = "alice") => ({ type: "text_message", seq, author })
const counted = (read, { unread = 0, mentions = 0, alerts = mentions, read_rev = 0, at = read } = {}) => ({
  read,
  unread,
  mentions,
  alerts,
  read_rev,
  at,
})
const markOf = (seq, read_rev = 0) => ({ type: "mark_read", seq, read_rev })

const reading = (numbers = counted(3), options = {}) => new Reading("bob", numbers, options)

const END = { to: Infinity, from: 0 }
let now = 0

/** In view for as long as it takes to read it. */
function sees(bobs, view = END) {
  for (let n = 0; n < 6; n += 1) {
    now += 200
    bobs.look(view, now)
  }
}

/** Up to these messages, which come now. */
function seeing(...messages) {
  const bobs = reading()
  for (const each of messages) bobs.follow(each)
  sees(bobs)
  return bobs
}

test("messages of others are counted while nobody reads", () => {
  const bobs = reading()
  for (const each of [message(4), message(5, "bob"), { type: "event_message", seq: 6 }]) bobs.follow(each)
  bobs.look(null, now)
  const before = bobs.numbers.unread

  sees(bobs)

  assert.deepEqual([before, bobs.numbers.unread], [1, 0])
})

test("messages that came after the server counted are added to its number", () => {
  const bobs = reading()
  for (const seq of [4, 5, 6]) bobs.follow(message(seq))

  bobs.changed(counted(3, { unread: 2, at: 5 }))

  assert.equal(bobs.numbers.unread, 3)
})

test("messages that came since somebody saw the end are counted", () => {
  const bobs = seeing(message(4))
  bobs.look(null, now)

  bobs.follow(message(5))

  assert.equal(bobs.numbers.unread, 1)
})

test("numbers that are older than those shown are ignored", () => {
  const bobs = reading()
  bobs.changed(counted(5))

  bobs.changed(counted(3, { unread: 1, at: 4 }))

  assert.equal(bobs.numbers.unread, 0)
})

test("what was seen is marked, again after a pause, until the server has answered", () => {
  const bobs = seeing(message(4))

  const marks = [0, 1_000, 3_000].map(now => bobs.mark(now))
  bobs.changed(counted(4))

  assert.deepEqual([...marks, bobs.mark(9_000)], [markOf(4), null, markOf(4), null])
})

test("what was seen is marked also when its reader is no longer there", () => {
  const bobs = seeing(message(4))

  bobs.look(null, now)

  assert.deepEqual(bobs.mark(0), markOf(4))
})

test("a leaving reader's mark doesn't wait, unless it was sent before", () => {
  const bobs = seeing(message(4))
  bobs.mark(0)
  const before = bobs.leave(1)

  bobs.follow(message(5))
  sees(bobs)

  assert.deepEqual([before, bobs.mark(2), bobs.leave(2), bobs.leave(3)], [null, null, markOf(5), null])
})

test("the page's own numbers are shown until the server has counted anew", () => {
  const bobs = reading(counted(1, { unread: 2, mentions: 1, at: 3 }))
  bobs.follow(message(4))

  assert.deepEqual(bobs.numbers, { unread: 3, mentions: 1, alerts: 1 })
})

test("what makes nothing unread is marked with the next message only", () => {
  const bobs = seeing({ type: "reaction", seq: 4 }, message(5, "bob"))
  const before = bobs.mark(0)

  bobs.follow(message(6))
  sees(bobs)

  assert.deepEqual([before, bobs.mark(0)], [null, markOf(6)])
})

test("an edit that mentions the reader is marked, since the server counts it", () => {
  const bobs = seeing({ type: "message_edited", seq: 4, target: 2, mentions: ["bob"] })

  bobs.changed(counted(3, { mentions: 1, at: 4 }))

  assert.deepEqual([bobs.mark(0), bobs.numbers.mentions], [markOf(4), 0])
})

test("nothing is marked while nobody reads", () => {
  const bobs = reading()
  bobs.follow(message(4))
  bobs.look(null, now)

  assert.deepEqual([bobs.mark(0), bobs.leave(0)], [null, null])
})

for (const [what, ends] of [
  ["does something here", bobs => bobs.release()],
  ["has left the end and come back", bobs => bobs.look(null, now)],
]) {
  test(`what was marked as unread is not marked before its reader ${what}`, () => {
    const bobs = seeing(message(4))
    bobs.changed(counted(2, { unread: 2, read_rev: 1, at: 4 }))
    bobs.follow(message(5))
    sees(bobs)
    const before = [bobs.mark(0), bobs.leave(0), bobs.numbers.unread]

    ends(bobs)
    sees(bobs)

    assert.deepEqual([...before, bobs.mark(0)], [null, null, 3, markOf(5, 1)])
  })
}

test("a message is read once its end was in view for 0.8 s", () => {
  const bobs = reading()
  bobs.follow(message(4))
  for (const at of [0, 200, 400, 600]) bobs.look(END, now + at)
  const before = bobs.numbers.unread

  bobs.look(END, now + 800)

  assert.deepEqual([before, bobs.numbers.unread], [1, 0])
})

test("what was in view for a moment only is not read", () => {
  const bobs = reading()
  bobs.follow(message(4))

  sees(bobs, { to: 3, from: 0 })
  bobs.look(END, now + 100)

  assert.equal(bobs.numbers.unread, 1)
})

test("the log is read as far as its rows were in view", () => {
  const bobs = reading(counted(3, { unread: 5, at: 8 }))

  sees(bobs, { to: 6, from: 0 })

  assert.deepEqual(bobs.mark(0), markOf(6))
})

test("nothing is read while the first unread message was not shown", () => {
  const bobs = reading(counted(3, { unread: 500, at: 600 }), { firstUnread: 5 })

  sees(bobs, { to: Infinity, from: 551 })

  assert.deepEqual([bobs.mark(0), bobs.numbers.unread], [null, 500])
})

test("everything is read where the user says so, wherever they are", () => {
  const bobs = reading(counted(3, { unread: 500, at: 600 }), { firstUnread: 5, isHeld: true })

  bobs.seeAll()

  assert.deepEqual([bobs.mark(0), bobs.numbers.unread], [markOf(600), 0])
})

test("what the user has just marked as unread here stays so, whatever they do", () => {
  const bobs = reading(counted(3, { unread: 2, at: 5 }), { isHeld: true })

  bobs.release()
  sees(bobs)

  assert.equal(bobs.mark(0), null)
})

test("what the user marks as unread is not read by staying there", () => {
  const bobs = seeing(message(4))
  bobs.markUnread(3)
  bobs.changed(counted(2, { unread: 2, read_rev: 1, at: 4 }))

  bobs.release()
  sees(bobs)

  assert.deepEqual([bobs.numbers.unread, bobs.firstUnread, bobs.mark(9_000)], [2, 3, null])
})

test("what was seen before the user marks it as unread is not marked as read", () => {
  const bobs = seeing(message(4))

  bobs.markUnread(4)

  assert.deepEqual([bobs.mark(0), bobs.leave(0)], [null, null])
})

test("an answer to an earlier mark does not end that something was marked as unread", () => {
  const bobs = seeing(message(4))
  bobs.mark(0)
  bobs.markUnread(4)

  bobs.changed(counted(4))
  bobs.changed(counted(3, { unread: 1, read_rev: 1, at: 4 }))
  sees(bobs)

  assert.deepEqual([bobs.numbers.unread, bobs.mark(9_000)], [1, null])
})

test("marking what is unread already as unread does not read what is before it", () => {
  const bobs = reading(counted(3, { unread: 3, at: 6 }))

  bobs.markUnread(6)

  assert.deepEqual([bobs.firstUnread, bobs.mark(0)], [4, null])
})

test("a message that has just come at the end is not marked yet, nor shown as unread", () => {
  const bobs = seeing(message(4))

  bobs.follow(message(5))
  bobs.look(END, now + 100)

  assert.deepEqual([bobs.numbers.unread, bobs.mark(now)], [0, markOf(4)])
})

test("a message that has just come is read by somebody who leaves", () => {
  const bobs = seeing(message(4))
  bobs.follow(message(5))
  bobs.look(END, now + 100)

  assert.deepEqual(bobs.leave(now), markOf(5))
})

test("a message that has just come is unread for somebody who looks away", () => {
  const bobs = seeing(message(4))
  bobs.follow(message(5))
  bobs.look(END, now + 100)

  bobs.look(null, now + 200)

  assert.equal(bobs.numbers.unread, 1)
})
