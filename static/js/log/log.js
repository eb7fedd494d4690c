// A group's log on the page: rows in the order of seq.

import { attempt } from "../shared/attempt.js"
import { fillAvatar } from "../shared/avatar.js"
import { cloned, find } from "../shared/dom.js"
import { linkify } from "../shared/linkify.js"
import { localize } from "../shared/times.js"
import { separateDay, separateDays } from "./days.js"
import { continues } from "./header.js"

export class Log {
  #list
  #headerWindow
  #appended = 0

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list
    this.#headerWindow = Number(list.dataset.headerWindow)
    this.#adopt([list])
    // Only entries appended from now on should be read aloud, not those already here.
    list.setAttribute("aria-live", "polite")
  }

  /** Of which log this page shows a part: another one has other texts or other entries. */
  get epoch() {
    return this.#list.dataset.epoch
  }

  /** How many rows were appended since the page was loaded. */
  get appended() {
    return this.#appended
  }

  /**
   * Appends a row in any case: without its decoration, or plain, where the entry can't be rendered otherwise.
   * @param {import("../connection/protocol.js").TextMessage | import("../connection/protocol.js").EventMessage} entry The next one.
   */
  append(entry) {
    const row = attempt(() => render(entry)) ?? renderPlain(entry)
    if (entry.type === "text_message")
      row.classList.toggle("continues", this.continues(entry.author, new Date(entry.timestamp)))
    this.#list.append(row)
    separateDay(row)
    this.#appended += 1
  }

  /**
   * Inserts older rows, rendered by the server, before the others. Returns how many of these are older.
   * @param {HTMLElement[]} rows
   */
  prepend(rows) {
    const first = this.#list.querySelector("[data-seq]")
    const older = rows.filter(row => !first || Number(row.dataset.seq) < Number(first.getAttribute("data-seq")))
    this.#list.setAttribute("aria-live", "off")
    this.#list.prepend(...older)
    this.#adopt(older)
    setTimeout(() => this.#list.setAttribute("aria-live", "polite"), 1_000)
    return older.length
  }

  /**
   * Whether a message of `author` at `moment` would share the last row's header.
   * @param {string} author
   * @param {Date} moment
   */
  continues(author, moment) {
    const row = this.#list.lastElementChild
    if (!(row instanceof HTMLElement)) return false
    const timestamp = row.querySelector("time")?.dateTime ?? ""
    const above = { kind: row.matches(".message") ? "message" : "event", name: String(row.dataset.name), timestamp }
    return continues(above, author, moment, this.#headerWindow)
  }

  /** @param {HTMLElement[]} parts What the server rendered. */
  #adopt(parts) {
    for (const part of parts) {
      localize(part)
      /** @type {NodeListOf<HTMLElement>} */
      const texts = part.querySelectorAll(".entry-text")
      for (const text of texts) linkify(text)
    }
    separateDays(this.#list)
  }
}

/** @param {import("../connection/protocol.js").TextMessage | import("../connection/protocol.js").EventMessage} entry */
function render(entry) {
  const row = entry.type === "text_message" ? renderMessage(entry) : renderEvent(entry)
  const time = find(row, "time", HTMLTimeElement)
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  find(row, ".entry-time", HTMLAnchorElement).href = `#${row.id}`
  time.dateTime = entry.timestamp
  localize(row)
  return row
}

/** @param {import("../connection/protocol.js").TextMessage} entry */
function renderMessage({ author, content, deleted }) {
  const row = named(deleted ? "withdrawn-template" : "message-template", author)
  fillAvatar(find(row, ".avatar"), author)
  if (deleted) return row
  const text = find(row, ".entry-text")
  text.textContent = content
  linkify(text)
  return row
}

/** @param {import("../connection/protocol.js").EventMessage} entry */
function renderEvent({ user, status }) {
  return named(`event-template-${status}`, user)
}

/** @param {import("../connection/protocol.js").TextMessage | import("../connection/protocol.js").EventMessage} entry */
function renderPlain(entry) {
  const [name, text] = entry.type === "text_message" ? [entry.author, entry.content] : [entry.user, entry.status]
  const row = document.createElement("p")
  row.className = "entry"
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  row.append(isolated("entry-name", name), " ", isolated("entry-text", text))
  return row
}

/**
 * @param {string} className
 * @param {string} text
 */
function isolated(className, text) {
  const part = document.createElement("bdi")
  part.className = className
  part.textContent = text
  return part
}

/**
 * @param {string} template
 * @param {string} name
 */
function named(template, name) {
  const row = cloned(template)
  row.dataset.name = name
  find(row, ".entry-name").textContent = name
  return row
}
