import assert from "node:assert/strict"
import { test } from "node:test"
import { ask } from "../../static/js/shared/ask.js"

const ACK = { type: "ack", client_id: "a", seq: 1 }

/**
 * @param {string} type
 * @param {string} [mark]
 */
function serves(type, mark = "1") {
  const headers = { "Content-Type": type, ...(mark && { DiscussIt: mark }) }
  globalThis.fetch = async () => new Response(JSON.stringify([ACK]), { headers })
}

for (const type of ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"])
  test(`objects arrive as ${type}`, async () => {
    serves(type)

    assert.deepEqual((await ask("/"))?.objects, [ACK])
  })

test("a text is not taken for objects", async () => {
  serves("text/plain; charset=utf-8")

  const answer = await ask("/")

  assert.deepEqual([answer?.objects, answer?.text], [[], JSON.stringify([ACK])])
})

test("another server's answer is none", async () => {
  serves("application/json", "")

  assert.equal(await ask("/"), null)
})
