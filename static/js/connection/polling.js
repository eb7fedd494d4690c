// Reads and writes a group's log with ordinary requests, for networks that let no WebSocket through. Page and sender
// receive the same objects as from a socket.

import { ask, statusOf } from "../shared/ask.js"
import { isEntry } from "./protocol.js"

const SECOND = 1_000
const PAUSE = 3 * SECOND
const HIDDEN_PAUSE = 30 * SECOND

/** @type {{ [type: string]: string }} The forms of a message that do what commands do. */
const FORMS = { edit_message: "edit", delete_message: "delete", react: "reactions" }

/** @typedef {{ [field: string]: string | number | boolean }} Fields */

/**
 * @typedef Listener
 * @property {() => string} query Where in the log to read on.
 * @property {(objects: import("./protocol.js").Received[]) => void} received
 * @property {() => void} lost Our server does not answer, or refuses: nothing is read any more.
 */

export class Polling {
  #address
  #page
  /** @type {Listener | null} */
  #listener = null
  /** @type {string | null | undefined} */
  #version
  #isUnderway = false
  /** The last command: another one waits until it is answered, since later ones must not overtake it. */
  #sending = Promise.resolve()
  /** @type {number | undefined} */
  #timer

  /**
   * @param {string} address Of the group.
   * @param {{ user: string, account: string }} page Whom the page belongs to.
   */
  constructor(address, page) {
    this.#address = address
    this.#page = page
    document.addEventListener("visibilitychange", () => document.hidden || this.#poll())
  }

  /** The status with which our server answers whether the log may be read; null if it does not answer. */
  ask() {
    return statusOf(this.#entries("?"))
  }

  /** @param {Listener} listener */
  start(listener) {
    this.#listener = listener
    this.#version = undefined
    this.#poll()
  }

  stop() {
    this.#listener = null
    clearTimeout(this.#timer)
  }

  /**
   * Submits the form that does the same.
   * @param {import("./protocol.js").Frame} command
   */
  send(command) {
    if (command.type === "mark_read") return void this.mark(command)
    const submit = () => this.#submit(command)
    this.#sending = this.#sending.then(submit, submit)
  }

  /** @param {import("./protocol.js").Frame} command */
  async #submit({ type, target, ...fields }) {
    const listener = this.#listener
    if (!listener) return // a socket is open by now, on which it is sent again
    const answer = await this.#post(target ? `messages/${target}/${FORMS[type]}/` : "messages/", fields)
    if (listener !== this.#listener) return
    // Whether it was stored is unknown, or the session has ended.
    if (answer === null || answer.status === 401 || isOfOther(answer)) return listener.lost()
    listener.received(answer.objects.length ? answer.objects : [refusal(answer, String(fields.client_id))])
    this.#poll()
  }

  /**
   * Sends a mark, even if the page is left at that moment, and beside an open socket. One that fails is sent again by
   * whoever made it.
   * @param {import("./protocol.js").Frame} mark
   */
  async mark({ seq, read_rev }) {
    const listener = this.#listener
    const answer = await this.#post("read/", { seq, read_rev }, { keepalive: true })
    if (listener && listener === this.#listener && answer?.status === 200) listener.received(answer.objects)
  }

  /**
   * @param {string} path
   * @param {Fields} fields
   * @param {RequestInit} [options]
   */
  #post(path, fields, options) {
    const body = new URLSearchParams({ account: this.#page.account })
    for (const [name, value] of Object.entries(fields))
      body.set(name, String(typeof value === "boolean" ? +value : value))
    return ask(this.#address + path, { method: "POST", body, ...options })
  }

  /** @returns {Promise<void>} */
  async #poll() {
    const listener = this.#listener
    if (!listener || this.#isUnderway) return
    clearTimeout(this.#timer)
    this.#isUnderway = true
    const answer = await ask(this.#entries(`${listener.query()}&unread=1`))
    this.#isUnderway = false
    if (listener !== this.#listener) return this.#poll()
    if (answer?.status === 429) return this.#later((answer.retryAfter ?? 1) * SECOND)
    if (answer?.status !== 200) return listener.lost()
    listener.received([...this.#greeting(answer), ...answer.objects])
    // There may be more entries as long as there are some.
    this.#later(answer.objects.some(isEntry) ? 0 : document.hidden ? HIDDEN_PAUSE : PAUSE)
  }

  /** @param {number} pause */
  #later(pause) {
    clearTimeout(this.#timer)
    if (this.#listener) this.#timer = setTimeout(() => this.#poll(), pause * (1 + Math.random() / 4))
  }

  /** @param {string} query */
  #entries(query) {
    return `${this.#address}entries/${query}&account=${encodeURIComponent(this.#page.account)}`
  }

  /**
   * A `ready`, which sockets begin with: at the beginning, and when the server's scripts have changed. The server has
   * checked the account.
   * @param {import("../shared/ask.js").Answer} answer
   * @returns {import("./protocol.js").Received[]}
   */
  #greeting({ version, objects }) {
    if (version === this.#version) return []
    this.#version = version
    const seq = Math.max(0, ...objects.map(object => ("seq" in object ? object.seq : 0)))
    return [{ type: "ready", ...this.#page, seq, groups: [], version: version ?? undefined }]
  }
}

/**
 * Whether another account has logged in. The text of a message that has changed has the same status.
 * @param {import("../shared/ask.js").Answer} answer
 */
function isOfOther({ status, objects: [object] }) {
  return status === 409 && !(object?.type === "error" && object.code === "changed")
}

/**
 * What a socket would have said instead of this answer.
 * @param {import("../shared/ask.js").Answer} answer
 * @param {string} client_id
 * @returns {import("./protocol.js").Refusal}
 */
function refusal({ status, text, retryAfter }, client_id) {
  const code = status === 429 ? "rate_limited" : status >= 500 ? "busy" : "bad_frame"
  const message = text.startsWith("<") || !text ? `the server answered with status ${status}.` : text
  return { type: "error", code, message, client_id, retry_after: retryAfter }
}
