import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { Level } from "../../static/js/unread/level.js"

const NUMBERS = { unread: 5, mentions: 1, alerts: 2 }
const corpus = JSON.parse(readFileSync(new URL("../corpus/alerts.json", import.meta.url), "utf8"))

for (const { level, isMuted, unread, concerning, alerts } of corpus) {
  test(`of a ${isMuted ? "muted " : ""}group whose level is ${level}, the title counts ${alerts}`, () => {
    const counted = { unread, mentions: 1, alerts: concerning }

    const shown = new Level(isMuted ? { level, muted: "" } : { level }).of(counted)

    assert.deepEqual(shown, { ...counted, alerts })
  })
}

test("where the title counts all, it counts a mention that an edit brought into what was read", () => {
  assert.equal(new Level({ level: "all" }).of({ unread: 0, mentions: 1, alerts: 1 }).alerts, 1)
})

test("a group that is muted counts again when it is unmuted", () => {
  const level = new Level({ level: "all", muted: "" })
  const before = level.of(NUMBERS).alerts

  level.changed({ type: "group", level: "all" })

  assert.deepEqual([before, level.of(NUMBERS).alerts], [0, 5])
})
