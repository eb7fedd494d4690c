// Times in the user's time zone. The page is in English, so its dates are in the user's variety of English.

const language = navigator.languages.find(tag => tag.startsWith("en")) ?? "en-GB"
const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" })
const moment = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" })
const day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" })
const dayOfYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric" })
const distance = new Intl.RelativeTimeFormat(language, { numeric: "auto" })
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const SPANS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]

/** @param {ParentNode} root */
export function localize(root) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = root.querySelectorAll("time[data-form]")
  for (const time of times) {
    const date = new Date(time.dateTime)
    time.textContent = time.dataset.form === "ago" ? ago(date) : clock.format(date)
    time.title = moment.format(date)
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
  const date = new Date(`${key}T12:00`)
  const today = new Date()
  const age = Math.round((new Date(`${localDay(today)}T12:00`).getTime() - date.getTime()) / 86_400_000)
  if (age === 0) return "Today"
  if (age === 1) return "Yesterday"
  return (date.getFullYear() === today.getFullYear() ? day : dayOfYear).format(date)
}

/** @param {Date} date */
function ago(date) {
  const seconds = (date.getTime() - Date.now()) / 1_000
  const span = SPANS.find(([, length]) => -seconds >= length)
  if (!span) return "just now"
  const [unit, length] = span
  if (unit === "day" && -seconds > 30 * length) return dayOfYear.format(date)
  return distance.format(Math.round(seconds / length), unit)
}
