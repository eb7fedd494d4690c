import assert from "node:assert/strict"
import { test } from "node:test"
import { renderBody } from "../../static/js/log/body.js"
import bodies from "../corpus/bodies.json" with { type: "json" }
import { dom } from "./dom.js"

globalThis.document = dom

for (const { body, mentions = [], me = "", is_author = false, html } of bodies) {
  test(`${JSON.stringify(body.t)} becomes what the server makes of it for "${me}"`, () => {
    assert.equal(renderBody(body, mentions, me, is_author).innerHTML, html)
  })
}
