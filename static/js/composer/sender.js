// Sends the outbox's messages in order and one at a time: each only after the one before it was acknowledged
// or refused. After a lost connection the message is sent again with the same id, by which the server
// recognises it, so that it is stored once.

import { SendLock } from "./send-lock.js"

const SECOND = 1_000
const PASSING = ["rate_limited", "busy"]

export class Sender {
  #outbox
  #socket
  #lock
  /** @type {string | null} */
  #underway = null
  #isReady = false
  /** @type {number | undefined} */
  #rest

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("../connection/socket.js").Socket} socket
   * @param {string} name
   */
  constructor(outbox, socket, name) {
    this.#outbox = outbox
    this.#socket = socket
    this.#lock = new SendLock(name, () => this.send())
  }

  ready() {
    this.#isReady = true
    this.#underway = null
    this.#lock.seek()
    this.send()
  }

  // A tab without a connection lets another one send.
  lost() {
    this.#isReady = false
    this.#rested()
    this.#lock.yield()
  }

  send() {
    if (!this.#isReady || !this.#socket.isOpen || !this.#lock.isHeld || this.#underway || this.#rest) return
    const next = this.#outbox.waiting.find(({ client_id }) => this.#lock.isShared || this.#outbox.isOwn(client_id))
    if (!next) return
    this.#underway = next.client_id
    this.#socket.send({ type: "text_message", message: next.message, client_id: next.client_id })
  }

  /** @param {import("../connection/protocol.js").Ack} ack */
  acknowledged({ client_id, seq }) {
    this.#answered(client_id)
    this.#outbox.acknowledge(client_id, seq)
    this.send()
  }

  /** @param {import("../connection/protocol.js").Refusal} refusal */
  refused({ client_id, code, message, retry_after }) {
    // Only one message is under way: an error without an id refers to it.
    const refused = client_id ?? this.#underway
    this.#answered(refused)
    if (PASSING.includes(code)) return this.#pause(retry_after)
    if (refused) this.#outbox.refuse(refused, message)
    this.send()
  }

  /** @param {string | null} client_id */
  #answered(client_id) {
    if (this.#underway === client_id) this.#underway = null
  }

  #pause(seconds = 1) {
    this.#rest ??= setTimeout(
      () => {
        this.#rested()
        this.send()
      },
      (seconds + Math.random()) * SECOND,
    )
  }

  #rested() {
    clearTimeout(this.#rest)
    this.#rest = undefined
  }
}
