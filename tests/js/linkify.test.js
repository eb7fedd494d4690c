import assert from "node:assert/strict"
import { test } from "node:test"
import { addressesIn, linkify } from "../../static/js/shared/linkify.js"
import addresses from "../corpus/addresses.json" with { type: "json" }
import { dom } from "./dom.js"

globalThis.document = dom

const found = text => addressesIn(text).map(({ address }) => address)

test("addresses are found without URL.canParse", context => {
  const { canParse } = URL
  delete URL.canParse
  context.after(() => Object.assign(URL, { canParse }))

  assert.deepEqual(addressesIn("see https://a.example and http://b.example/x"), [
    { address: "https://a.example", index: 4 },
    { address: "http://b.example/x", index: 26 },
  ])
})

for (const { text, addresses: expected } of addresses) {
  test(`the addresses in "${text}" are the server's`, () => {
    assert.deepEqual(found(text), expected)
  })
}

for (const text of ["http://[", "https://a b", "https://%", "ftp://a.example", "example.org"]) {
  test(`"${text}" has no address that a browser could open`, () => {
    assert.deepEqual(found(text), text === "https://a b" ? ["https://a"] : [])
  })
}

test("an address that can't be parsed takes no other with it", () => {
  assert.deepEqual(found("http://[ https://a.example"), ["https://a.example"])
})

test("closing brackets and full stops are not part of an address", () => {
  assert.deepEqual(found("(https://a.example/b_(c)). https://a.example/)"), [
    "https://a.example/b_(c)",
    "https://a.example/",
  ])
})

test("a text that has elements is left as it is", () => {
  const replaced = []
  const replaceChildren = (...parts) => replaced.push(...parts)

  linkify({ textContent: "https://a.example", firstElementChild: {}, replaceChildren })
  assert.deepEqual(replaced, [])

  linkify({ textContent: "https://a.example", firstElementChild: null, replaceChildren })
  assert.equal(replaced.length, 1)
})
