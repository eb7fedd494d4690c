import assert from "node:assert/strict"
import { test } from "node:test"
import { Level } from "../../static/js/unread/level.js"

const NUMBERS = { unread: 5, mentions: 1, alerts: 2 }

for (const [level, alerts] of Object.entries({ all: 5, mentions: 2, nothing: 0, "of a later version": 0 })) {
  test(`of a group whose level is ${level}, the title counts ${alerts}`, () => {
    assert.deepEqual(new Level({ level }).of(NUMBERS), { unread: 5, mentions: 1, alerts })
  })
}

test("a group that is muted counts again when it is unmuted", () => {
  const level = new Level({ level: "all", muted: "" })
  const before = level.of(NUMBERS).alerts

  level.changed({ type: "group", level: "all" })

  assert.deepEqual([before, level.of(NUMBERS).alerts], [0, 5])
})
