import assert from "node:assert/strict"
import { test } from "node:test"
import { isNews, RecentChanges } from "../../static/js/log/changes.js"

const SHOWN = { asof: 10, rev: 1, isDeleted: false }

const edit = (seq, rev = 2, more = {}) => ({
  type: "message_edited",
  seq,
  target: 7,
  rev,
  content: `rev ${rev}`,
  ...more,
})
const deletion = (seq, target = 7) => ({ type: "message_deleted", seq, target, user: "alice" })
const reaction = (seq, user = "bob", emoji = "👍") => ({
  type: "reaction",
  seq,
  target: 7,
  user,
  emoji,
  on: true,
  count: 1,
})

for (const [kind, change] of Object.entries({ edit, deletion, reaction })) {
  test(`a row lacks each ${kind} that came after it was read, and no other`, () => {
    assert.ok(isNews(change(11), SHOWN))
    assert.ok(!isNews(change(10), SHOWN))
  })
}

test("an edit of an older text than the row's is no news, one of the same is", () => {
  assert.ok(!isNews(edit(11, 0), SHOWN))
  assert.ok(isNews(edit(11, 1), SHOWN))
})

test("nothing is news to a deleted row but who deleted it", () => {
  const shown = { ...SHOWN, isDeleted: true }

  assert.ok(!isNews(edit(11), shown))
  assert.ok(!isNews(reaction(11), shown))
  assert.ok(isNews(deletion(11), shown))
})

test("a change of what was deleted since is left to the deletion that follows", () => {
  assert.ok(!isNews(edit(11, 2, { content: "", deleted: true }), SHOWN))
  assert.ok(!isNews({ ...reaction(11), deleted: true }, SHOWN))
})

/** Of somebody who fetches older rows. */
function recentAfter(seq, ...limit) {
  const recent = new RecentChanges(seq, ...limit)
  recent.keep()
  return recent
}

test("the changes after an entry are known, in order", () => {
  const recent = recentAfter(10)
  for (const change of [edit(11), reaction(12), deletion(13, 8)]) recent.add(change)

  assert.deepEqual(seqs(recent.after(11)), [12, 13])
  assert.deepEqual(seqs(recent.after(10)), [11, 12, 13])
})

test("nothing is known of what came before the page", () => {
  assert.equal(new RecentChanges(10).after(9), null)
  assert.deepEqual(new RecentChanges(10).after(10), [])
})

test("nothing is kept before older rows are fetched", () => {
  const recent = new RecentChanges(10)
  for (const change of [edit(11), edit(12)]) recent.add(change)

  recent.keep()
  recent.add(edit(13))

  assert.equal(recent.after(11), null)
  assert.deepEqual(seqs(recent.after(12)), [13])
})

test("nothing is kept after the last rows have been brought up to date", () => {
  const recent = recentAfter(10)
  for (const change of [reaction(11), edit(12)]) recent.add(change)

  recent.release()

  assert.equal(recent.after(11), null)
  assert.deepEqual(recent.after(12), [])
})

test("of two parts that are being fetched, the changes are kept for the later one", () => {
  const recent = recentAfter(10)
  recent.keep()
  recent.add(reaction(11))

  recent.release()

  assert.deepEqual(seqs(recent.after(10)), [11])
})

test("only the last edit of a message is kept, and no text of a deleted one", () => {
  const recent = recentAfter(10)
  for (const change of [edit(11), edit(12, 3), reaction(13), edit(14, 4), deletion(15)]) recent.add(change)

  assert.deepEqual(seqs(recent.after(10)), [13, 15])
  assert.ok(!JSON.stringify(recent.after(10)).includes("content"))
})

test("all reactions are kept, in order, since that is the order of chips", () => {
  const recent = recentAfter(10)
  for (const change of [reaction(11), reaction(12, "carol", "🍅"), reaction(13), reaction(14)]) recent.add(change)

  assert.deepEqual(seqs(recent.after(10)), [11, 12, 13, 14])
})

test("beyond the limit, older rows can't be brought up to date any more", () => {
  const recent = recentAfter(10, 2)
  for (const target of [1, 2, 3]) recent.add(deletion(10 + target, target))

  assert.equal(recent.after(10), null)
  assert.deepEqual(seqs(recent.after(11)), [12, 13])
})

test("changes that replace each other need no space", () => {
  const recent = recentAfter(10, 2)
  for (let seq = 11; seq < 100; seq += 1) recent.add(edit(seq, seq))

  assert.deepEqual(seqs(recent.after(10)), [99])
})

function seqs(changes) {
  return changes.map(({ seq }) => seq)
}
