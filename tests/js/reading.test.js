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
const reading = () => new Reading("bob", counted(3))

test("messages of others are counted while nobody reads", () => {
  const bobs = reading()
  for (const each of [message(4), message(5, "bob"), { type: "event_message", seq: 6 }]) bobs.follow(each)

  assert.equal(bobs.numbers(false).unread, 1)
  assert.equal(bobs.numbers(true).unread, 0)
})

test("messages that came after the server counted are added to its number", () => {
  const bobs = reading()
  for (const seq of [4, 5, 6]) bobs.follow(message(seq))

  bobs.changed(counted(3, { unread: 2, at: 5 }))

  assert.equal(bobs.numbers(false).unread, 3)
})

test("numbers that are older than those shown are ignored", () => {
  const bobs = reading()
  bobs.changed(counted(5))

  bobs.changed(counted(3, { unread: 1, at: 4 }))

  assert.equal(bobs.numbers(false).unread, 0)
})

test("what was read is marked, again after a pause, until the server has answered", () => {
  const bobs = reading()
  bobs.follow(message(4))

  const marks = [0, 1_000, 3_000].map(now => bobs.mark(true, now))
  bobs.changed(counted(4))

  const mark = { type: "mark_read", seq: 4, read_rev: 0 }
  assert.deepEqual([...marks, bobs.mark(true, 9_000)], [mark, null, mark, null])
})

test("the page's own numbers are shown until the server has counted anew", () => {
  const bobs = new Reading("bob", counted(1, { unread: 2, mentions: 1, at: 3 }))
  bobs.follow(message(4))

  assert.deepEqual(bobs.numbers(false), { unread: 3, mentions: 1 })
})

test("what makes nothing unread is marked with the next message only", () => {
  const bobs = reading()
  for (const each of [{ type: "reaction", seq: 4 }, message(5, "bob")]) bobs.follow(each)
  const before = bobs.mark(true, 0)

  bobs.follow(message(6))

  assert.deepEqual([before, bobs.mark(true, 0)], [null, { type: "mark_read", seq: 6, read_rev: 0 }])
})

test("an edit that mentions the reader is marked, since the server counts it", () => {
  const bobs = reading()
  bobs.follow({ type: "message_edited", seq: 4, target: 2, mentions: ["bob"] })
  bobs.changed(counted(3, { mentions: 1, at: 4 }))

  assert.equal(bobs.mark(true, 0)?.seq, 4)
})

test("nothing is marked while nobody reads", () => {
  const bobs = reading()
  bobs.follow(message(4))

  assert.equal(bobs.mark(false, 0), null)
})

test("what was marked as unread is not marked before the reader has left the end and come back", () => {
  const bobs = reading()
  bobs.changed(counted(2, { unread: 1, read_rev: 1, at: 3 }))
  const before = bobs.mark(true, 0)

  bobs.leftEnd()

  assert.deepEqual([before, bobs.mark(true, 0)], [null, { type: "mark_read", seq: 3, read_rev: 1 }])
})
