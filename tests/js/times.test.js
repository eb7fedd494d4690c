import assert from "node:assert/strict"
import { test } from "node:test"
import { englishAmong, localize } from "../../static/js/shared/times.js"

// Node.js has one since version 21.
globalThis.navigator ??= { languages: ["en-GB"] }

const MOMENT = "2026-11-22T12:00:00.000001Z"

/** @type {[string[], string][]} */
const LANGUAGES = [
  [["de", "en-US"], "en-US"],
  [["EN-us"], "EN-us"],
  [["en_US"], "en-US"],
  [["en-US@posix"], "en-US"],
  [["en_US.UTF-8"], "en-US"],
  [["en-", "en-AU"], "en-AU"],
  [["enm"], "en-GB"],
  [["de", "C", "*", ""], "en-GB"],
  [[], "en-GB"],
]

for (const [tags, expected] of LANGUAGES) {
  test(`the English of ${JSON.stringify(tags)} is ${expected}`, () => {
    assert.equal(englishAmong(tags), expected)
    assert.ok(new Intl.DateTimeFormat(englishAmong(tags)))
  })
}

for (const form of ["clock", "ago", "moment"]) {
  test(`a time (${form}) that can't be read stays, and the next one is shown all the same`, context => {
    context.mock.method(console, "error", () => {})
    const times = ["yesterday", MOMENT].map(dateTime => ({ dateTime, dataset: { form }, textContent: "as sent" }))

    localize({ querySelectorAll: () => times })

    assert.equal(times[0].textContent, "as sent")
    assert.notEqual(times[1].textContent, "as sent")
  })
}

for (const [form, hasDate] of [
  ["clock", false],
  ["moment", true],
]) {
  test(`a time (${form}) has ${hasDate ? "a" : "no"} date`, () => {
    const time = { dateTime: MOMENT, dataset: { form } }

    localize({ querySelectorAll: () => [time] })

    assert.equal(/November.*2026|2026.*November/.test(time.textContent), hasDate)
    assert.match(time.textContent, /:00/)
  })
}
