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

for (const form of ["clock", "ago", "day", "moment"]) {
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

// As in either of the two varieties of English.
/** @type {[string, RegExp][]} */
const DAYS = [
  ["2026-11-28T00:00:00", /^today$/],
  ["2026-11-27T23:59:59", /^yesterday$/],
  ["2026-11-26T12:00:00", /^Thursday$/],
  ["2026-11-22T00:00:00", /^Sunday$/],
  ["2026-11-21T23:59:59", /^(21 November|November 21)$/],
  ["2026-01-01T00:00:00", /^(1 January|January 1)$/],
  ["2025-12-31T23:59:59", /^(31 December|December 31,) 2025$/],
  ["2026-12-01T12:00:00", /^(1 December|December 1)$/],
]

for (const [dateTime, expected] of DAYS) {
  test(`on 28 November 2026, the day of ${dateTime} is ${expected.source}`, context => {
    context.mock.timers.enable({ apis: ["Date"], now: new Date("2026-11-28T15:00:00") })
    const time = { dateTime, dataset: { form: "day" } }

    localize({ querySelectorAll: () => [time] })

    assert.match(time.textContent, expected)
  })
}
