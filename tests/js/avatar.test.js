import assert from "node:assert/strict"
import { test } from "node:test"
import { hue, initials } from "../../static/js/shared/avatar.js"
import avatars from "../corpus/avatars.json" with { type: "json" }

for (const avatar of avatars) {
  test(`the avatar of "${avatar.name}" is the server's`, () => {
    assert.equal(hue(avatar.name), avatar.hue)
    assert.equal(initials(avatar.name), avatar.initials)
  })
}
