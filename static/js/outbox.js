// Messages that the server has not acknowledged, or that the log does not show yet. All tabs of one person
// share the outbox of a group, and it outlives them.
//
// Each message has a key of its own: tabs write at the same time, and one list would lose what another tab
// has just added. The key begins with the moment of writing, so sorted keys are the order of sending.

import { forget, keep, kept, keysWith } from "./storage.js"

const MOMENT_DIGITS = 15

export class Outbox {
  #prefix
  #changed
  #own

  /** `changed()` is called after every change, here or in another tab. */
  constructor(user, group, changed) {
    this.#prefix = `discussit:outbox:${user}:${group}:`
    this.#changed = changed
    this.#own = new Set(this.messages.map(message => message.client_id))
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(this.#prefix)) changed()
    })
  }

  /** In the order of sending: {client_id, message}, with `seq` once acknowledged or `refusal` once refused. */
  get messages() {
    return keysWith(this.#prefix)
      .map(key => JSON.parse(kept(key)))
      .filter(Boolean)
  }

  get waiting() {
    return this.messages.filter(message => !message.seq && !message.refusal)
  }

  /** Written in this tab, or found when it was opened. */
  isOwn(client_id) {
    return this.#own.has(client_id)
  }

  add(text) {
    const client_id = newId()
    this.#own.add(client_id)
    keep(`${this.#prefix}${this.#nextMoment()}:${client_id}`, JSON.stringify({ client_id, message: text }))
    this.#changed()
  }

  acknowledge(client_id, seq) {
    this.#rewrite(client_id, message => ({ ...message, seq, refusal: undefined }))
  }

  refuse(client_id, refusal) {
    this.#rewrite(client_id, message => ({ ...message, refusal }))
  }

  retry(client_id) {
    this.#rewrite(client_id, message => ({ ...message, refusal: undefined }))
  }

  discard(client_id) {
    const key = this.#keyOf(client_id)
    if (key) forget(key)
    this.#changed()
  }

  /** The log shows everything up to `last`: what was acknowledged there has arrived. */
  settle(last) {
    const arrived = this.messages.filter(message => message.seq <= last)
    for (const { client_id } of arrived) forget(this.#keyOf(client_id))
    if (arrived.length) this.#changed()
  }

  #rewrite(client_id, change) {
    const key = this.#keyOf(client_id)
    if (!key) return
    keep(key, JSON.stringify(change(JSON.parse(kept(key)))))
    this.#changed()
  }

  #keyOf(client_id) {
    return keysWith(this.#prefix).find(key => key.endsWith(`:${client_id}`))
  }

  // Later than all that wait, even if the clock was set back or two were written in one millisecond.
  #nextMoment() {
    const newest = keysWith(this.#prefix).at(-1)?.slice(this.#prefix.length).split(":")[0] ?? 0
    return String(Math.max(Date.now(), Number(newest) + 1)).padStart(MOMENT_DIGITS, "0")
  }
}

// Over plain http on a local network the browser has no randomUUID.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  return crypto.getRandomValues(new Uint32Array(4)).reduce((id, word) => id + word.toString(16).padStart(8, "0"), "")
}
