import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { EditDrafts } from "../../static/js/editing/drafts.js"
import { storage } from "./storage.js"

const KEY = "discussit:account:1:edit:g:7"

const opened = (epoch = "a") => new EditDrafts("1", "g", epoch)
let tell

beforeEach(() => {
  globalThis.addEventListener = (_type, listener) => {
    tell = listener
  }
  globalThis.localStorage = storage()
  globalThis.sessionStorage = storage()
})

test("a draft outlives its tab, and is open again in that alone", () => {
  opened().keep(7, { text: "hi", rev: 2 })
  const again = opened()
  globalThis.sessionStorage = storage()
  const elsewhere = opened()

  assert.deepEqual(
    [again, elsewhere].map(drafts => [drafts.seqs, drafts.of(7)]),
    Array(2).fill([[7], { text: "hi", rev: 2 }]),
  )
  assert.equal(elsewhere.isOpen(7), false)
})

test("a draft that is closed is kept, and one that is forgotten is gone", () => {
  const drafts = opened()
  drafts.keep(7, { text: "hi", rev: 0 })
  drafts.close(7)
  assert.deepEqual([drafts.isOpen(7), drafts.has(7)], [false, true])

  drafts.forget(7)

  assert.deepEqual([drafts.of(7), opened().seqs, localStorage.getItem(KEY)], [null, [], null])
})

test("a draft of another copy of the log is made of no text of this one", () => {
  opened("a").keep(7, { text: "hi", rev: 2 })
  const { rev } = opened("b").of(7)
  assert.ok(rev < 0)

  opened("b").keep(7, { text: "hi there", rev })

  assert.deepEqual([opened("b").of(7).rev, opened("a").of(7).rev], [rev, rev])
})

test("what something else has stored there is no draft", () => {
  for (const stored of ["{", "null", "[]", JSON.stringify({ text: 7 })]) {
    localStorage.setItem(KEY, stored)
    assert.deepEqual(opened().seqs, [])
  }
})

test("what another tab stores or removes is followed", () => {
  const told = []
  const drafts = opened()
  drafts.follow((...change) => told.push([...change, drafts.of(7)?.text]))

  localStorage.setItem(KEY, JSON.stringify({ text: "hi", rev: 0 }))
  tell({ key: KEY, oldValue: null, newValue: localStorage.getItem(KEY) })
  localStorage.removeItem(KEY)
  tell({ key: KEY, oldValue: JSON.stringify({ text: "hi", rev: 0 }), newValue: null })
  tell({ key: "discussit:account:2:edit:g:7", oldValue: null, newValue: "" })

  assert.deepEqual(told, [
    [7, undefined, "hi"],
    [7, "hi", undefined],
  ])
})
