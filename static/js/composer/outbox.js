// Messages that the server has not acknowledged, or that the log does not show yet. All tabs of one account
// share a group's outbox, and it outlives them.
//
// Each message has its own key: tabs write at the same time, and with a single list they would overwrite each
// other's messages. Keys begin with the time of writing, so sorted keys are the order of sending.

import { keyOf } from "../shared/account.js"
import { newId } from "../shared/ids.js"
import { forget, keep, kept, keysWith } from "../shared/storage.js"

const MOMENT_DIGITS = 15

/** @typedef {{ client_id: string, message: string, reply_to?: number, seq?: number, refusal?: string }} Unsent */

export class Outbox {
  #prefix
  #changed
  #own

  /**
   * `changed()` is called after every change, here or in another tab.
   * @param {string} account
   * @param {string} group
   * @param {() => void} changed
   */
  constructor(account, group, changed) {
    this.#prefix = keyOf(account, "outbox", group, "")
    this.#changed = changed
    this.#own = new Set(this.messages.map(message => message.client_id))
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(this.#prefix)) changed()
    })
  }

  /**
   * All messages in the order of sending, with `seq` once acknowledged or `refusal` once refused.
   * @returns {Unsent[]}
   */
  get messages() {
    return keysWith(this.#prefix)
      .map(key => read(key))
      .filter(message => message !== null)
  }

  get waiting() {
    return this.messages.filter(message => !message.seq && !message.refusal)
  }

  /**
   * Whether the message was written in this tab, or was there when the tab was opened.
   * @param {string} client_id
   */
  isOwn(client_id) {
    return this.#own.has(client_id)
  }

  /**
   * @param {string} text
   * @param {number} [reply_to] The seq of the message that it answers.
   */
  add(text, reply_to) {
    const client_id = newId()
    this.#own.add(client_id)
    keep(`${this.#prefix}${this.#nextMoment()}:${client_id}`, JSON.stringify({ client_id, message: text, reply_to }))
    this.#changed()
  }

  /**
   * @param {string} client_id
   * @param {number} seq
   */
  acknowledge(client_id, seq) {
    this.#rewrite(client_id, message => ({ ...message, seq, refusal: undefined }))
  }

  /**
   * @param {string} client_id
   * @param {string} refusal
   */
  refuse(client_id, refusal) {
    this.#rewrite(client_id, message => ({ ...message, refusal }))
  }

  /**
   * What the message answers is gone: from now on it answers nothing.
   * @param {string} client_id
   * @param {string} refusal
   */
  refuseReply(client_id, refusal) {
    this.#rewrite(client_id, message => ({ ...message, refusal, reply_to: undefined }))
  }

  /** @param {string} client_id */
  retry(client_id) {
    this.#rewrite(client_id, message => ({ ...message, refusal: undefined }))
  }

  /** @param {string} client_id */
  discard(client_id) {
    const key = this.#keyOf(client_id)
    if (key) forget(key)
    this.#changed()
  }

  /**
   * Removes messages that the log shows: those acknowledged with a seq up to `last`.
   * @param {number} last
   */
  settle(last) {
    const arrived = keysWith(this.#prefix).filter(key => (read(key)?.seq ?? Infinity) <= last)
    for (const key of arrived) forget(key)
    if (arrived.length) this.#changed()
  }

  /**
   * @param {string} client_id
   * @param {(message: Unsent) => Unsent} change
   */
  #rewrite(client_id, change) {
    const key = this.#keyOf(client_id)
    const message = key && read(key)
    if (!message) return
    keep(key, JSON.stringify(change(message)))
    this.#changed()
  }

  /** @param {string} client_id */
  #keyOf(client_id) {
    return keysWith(this.#prefix).find(key => key.endsWith(`:${client_id}`))
  }

  // After all other messages, even if the clock was set back or two were written in one millisecond.
  #nextMoment() {
    const newest = keysWith(this.#prefix).at(-1)?.slice(this.#prefix.length).split(":")[0] ?? 0
    return String(Math.max(Date.now(), Number(newest) + 1)).padStart(MOMENT_DIGITS, "0")
  }
}

/**
 * @param {string} key
 * @returns {Unsent | null} Null if another tab has removed it meanwhile, or if something else has written there.
 */
function read(key) {
  try {
    const { client_id, message, ...more } = JSON.parse(kept(key) ?? "{}")
    return typeof message === "string" && key.endsWith(`:${client_id}`) ? { client_id, message, ...more } : null
  } catch {
    return null
  }
}
