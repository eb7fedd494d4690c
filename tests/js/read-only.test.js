import assert from "node:assert/strict"
import { test } from "node:test"
import { whyReadOnly } from "../../static/js/composer/read-only.js"

for (const [isArchived, posting, isModerator, reason] of [
  [false, "everyone", false, null],
  [false, "moderators", true, null],
  [false, "moderators", false, "moderators"],
  [true, "moderators", false, "archived"],
  [true, "everyone", true, "archived"],
  [false, "nobody", true, "ended"],
]) {
  test(`${isArchived ? "archived, " : ""}${posting}, ${isModerator ? "a moderator" : "a member"}: ${reason}`, () => {
    assert.equal(whyReadOnly({ isArchived, posting, isModerator }), reason)
  })
}
