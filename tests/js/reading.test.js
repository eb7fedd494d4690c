import assert from "node:assert/strict"
import { test } from "node:test"
import { Reading } from "../../static/js/unread/reading.js"

const message = (seq, author = "alice") => ({ type: "text_message", seq, author })
const counted = (read, { unread = 0, mentions = 0, read_rev = 0, at = read } = {}) => ({
  read,
  unread,
  mentions,
  read_rev,
  at,
})
const markOf = (seq, read_rev = 0) => ({ type: "mark_read", seq, read_rev })

const reading = (numbers = counted(3)) => new Reading("bob", numbers)

/** Up to these messages, which come now. */
function seeing(...messages) {
  const bobs = reading()
  for (const each of messages) bobs.follow(each)
  bobs.look(true)
  return bobs
}

test("messages of others are counted while nobody reads", () => {
  const bobs = reading()
  for (const each of [message(4), message(5, "bob"), { type: "event_message", seq: 6 }]) bobs.follow(each)
  bobs.look(false)
  const before = bobs.numbers.unread

  bobs.look(true)

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
  bobs.look(false)

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

  bobs.look(false)

  assert.deepEqual(bobs.mark(0), markOf(4))
})

test("a leaving reader's mark doesn't wait, unless it was sent before", () => {
  const bobs = seeing(message(4))
  bobs.mark(0)
  const before = bobs.leave(1)

  bobs.follow(message(5))
  bobs.look(true)

  assert.deepEqual([before, bobs.mark(2), bobs.leave(2), bobs.leave(3)], [null, null, markOf(5), null])
})

test("the page's own numbers are shown until the server has counted anew", () => {
  const bobs = reading(counted(1, { unread: 2, mentions: 1, at: 3 }))
  bobs.follow(message(4))

  assert.deepEqual(bobs.numbers, { unread: 3, mentions: 1 })
})

test("what makes nothing unread is marked with the next message only", () => {
  const bobs = seeing({ type: "reaction", seq: 4 }, message(5, "bob"))
  const before = bobs.mark(0)

  bobs.follow(message(6))
  bobs.look(true)

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
  bobs.look(false)

  assert.deepEqual([bobs.mark(0), bobs.leave(0)], [null, null])
})

for (const [what, ends] of [
  ["does something here", bobs => bobs.release()],
  ["has left the end and come back", bobs => bobs.look(false)],
]) {
  test(`what was marked as unread is not marked before its reader ${what}`, () => {
    const bobs = seeing(message(4))
    bobs.changed(counted(2, { unread: 2, read_rev: 1, at: 4 }))
    bobs.follow(message(5))
    bobs.look(true)
    const before = [bobs.mark(0), bobs.leave(0), bobs.numbers.unread]

    ends(bobs)
    bobs.look(true)

    assert.deepEqual([...before, bobs.mark(0)], [null, null, 3, markOf(5, 1)])
  })
}
