// Times in the user's time zone. The page is in English, so its dates are in the user's variety of English.

import { attempt } from "./attempt.js"

// Not created before one is used: where Intl refuses to, only times are affected.
const language = lazy(() => englishAmong(navigator.languages ?? []))
const clock = dateFormat({ hour: "numeric", minute: "2-digit" })
const moment = dateFormat({ dateStyle: "full", timeStyle: "medium" })
const dateAndTime = dateFormat({ dateStyle: "long", timeStyle: "short" })
const day = dateFormat({ weekday: "long", day: "numeric", month: "long" })
const weekday = dateFormat({ weekday: "long" })
const dayOfMonth = dateFormat({ day: "numeric", month: "long" })
const dayOfYear = dateFormat({ day: "numeric", month: "long", year: "numeric" })
const distance = lazy(() => new Intl.RelativeTimeFormat(language(), { numeric: "auto" }))
const PERIOD = /\s[ap]\.?m\.?$/i
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]

/**
 * A time that can't be read stays as it is.
 * @param {ParentNode} root
 */
export function localize(root) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = root.querySelectorAll("time[data-form]")
  for (const time of times) attempt(() => localizeTime(time))
}

/** @param {HTMLTimeElement} time */
function localizeTime(time) {
  const date = new Date(time.dateTime)
  // First, since it raises for an invalid date, of which ago() would be "just now".
  time.title = moment().format(date)
  time.textContent = textOf(date, time.dataset.form)
  const period = time.dataset.form === "clock" && time.textContent.match(PERIOD)
  if (period) time.lastChild?.replaceWith(...inParts(time.textContent, period[0]))
}

/**
 * A time of which rows without a header, where it has little room, hide the period.
 * @param {string} text
 * @param {string} period
 */
function inParts(text, period) {
  const part = document.createElement("span")
  part.className = "entry-period"
  part.textContent = period
  return [text.slice(0, -period.length), part]
}

/**
 * @param {Date} date
 * @param {string} [form] "ago", "day", "moment": with its date, or "clock".
 */
function textOf(date, form) {
  if (form === "ago") return ago(date)
  if (form === "day") return dayOf(date)
  return (form === "moment" ? dateAndTime() : clock()).format(date)
}

/**
 * The first variety of English among the user's languages. Their tags may be those of a system: "en_US.UTF-8".
 * @param {readonly string[]} tags
 */
export function englishAmong(tags) {
  const plain = tags.map(tag => tag.split(/[.@]/)[0].replaceAll("_", "-"))
  return plain.find(tag => /^en\b/i.test(tag) && isLanguage(tag)) ?? "en-GB"
}

/** @param {string} tag */
function isLanguage(tag) {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0
  } catch {
    return false
  }
}

/**
 * The user's calendar day of a moment, comparable and valid in `datetime`.
 * @param {Date} date
 */
export function localDay(date) {
  const number = (/** @type {number} */ part) => String(part).padStart(2, "0")
  return `${date.getFullYear()}-${number(date.getMonth() + 1)}-${number(date.getDate())}`
}

/** @param {string} key */
export function nameOfDay(key) {
  const date = noon(key)
  const age = daysSince(date)
  if (age === 0) return "Today"
  if (age === 1) return "Yesterday"
  return (isThisYear(date) ? day() : dayOfYear()).format(date)
}

/**
 * The day within a sentence: "today", "Tuesday", "12 November".
 * @param {Date} date
 */
function dayOf(date) {
  const age = daysSince(noon(localDay(date)))
  if (age === 0) return "today"
  if (age === 1) return "yesterday"
  if (age > 1 && age < 7) return weekday().format(date)
  return (isThisYear(date) ? dayOfMonth() : dayOfYear()).format(date)
}

/** @param {string} key */
function noon(key) {
  return new Date(`${key}T12:00`)
}

/** @param {Date} date The noon of a day. */
function daysSince(date) {
  return Math.round((noon(localDay(new Date())).getTime() - date.getTime()) / 86_400_000)
}

/** @param {Date} date */
function isThisYear(date) {
  return date.getFullYear() === new Date().getFullYear()
}

/** @param {Date} date */
function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1_000
  const span = SPANS.find(([, length]) => -seconds >= length)
  if (!span) return "just now"
  const [unit, length] = span
  if (unit === "day" && -seconds > 30 * length) return dayOfYear().format(date)
  return distance().format(Math.round(seconds / length), unit)
}

/** @param {Intl.DateTimeFormatOptions} options */
function dateFormat(options) {
  return lazy(() => new Intl.DateTimeFormat(language(), options))
}

/**
 * @template T
 * @param {() => T} create
 */
function lazy(create) {
  /** @type {T | undefined} */
  let value
  return () => (value ??= create())
}
