// Sends what is in the outbox in order and one at a time: each only after the one before it was acknowledged
// or refused. After a lost connection it is sent again with the same id, by which the server
// recognises it, so that it is stored once. So two tabs may send the same message: when one of them stopped running
// while it held the lock, another must not wait for it.

import { isPassing } from "../connection/protocol.js"
import { isEarly } from "../log/reacting.js"
import { isMessage } from "./outbox.js"
import { SendLock } from "./send-lock.js"

const SECOND = 1_000
// Of a message that answers one: that was deleted, or is not there.
const UNANSWERABLE = ["gone", "no_such_message"]
const UNANSWERED = "The message you're replying to is gone. Retry to post this on its own."
const RESTORED = "This group's log has been revised or restored since. Check the message, then try again."
// How long a tab without the lock waits while no message gets through: until it sends its own, and those of others.
const PATIENCE = 3 * SECOND
const LONG_PATIENCE = 15 * SECOND

export class Sender {
  #outbox
  #socket
  #author
  #lock
  /** @type {string | null} */
  #underway = null
  #isReady = false
  /** Whether the other tabs seem not to run. */
  #isAlone = false
  #awaited = ""
  /** @type {number | undefined} */
  #patience
  /** @type {number | undefined} */
  #rest
  /** @type {number | undefined} */
  #early

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("../connection/socket.js").Socket} socket
   * @param {string} author
   * @param {string} name
   */
  constructor(outbox, socket, author, name) {
    this.#outbox = outbox
    this.#socket = socket
    this.#author = author
    this.#lock = new SendLock(name, () => this.send())
    document.addEventListener("visibilitychange", () => this.#yield())
    document.addEventListener("freeze", () => this.#lock.yield())
    document.addEventListener("resume", () => this.#seek())
    addEventListener("pagehide", () => this.#lock.yield())
    addEventListener("pageshow", ({ persisted }) => persisted && this.#seek())
  }

  ready() {
    this.#isReady = true
    this.#underway = null
    this.#seek()
    this.send()
  }

  // A tab without a connection lets another one send.
  lost() {
    this.#isReady = this.#isAlone = false
    this.#rested()
    this.#wait("")
    this.#lock.yield()
  }

  send() {
    if (!this.#isReady || !this.#socket.isOpen) return
    const waiting = this.#outbox.waiting
    this.#expectProgress(waiting)
    if (document.hidden) this.#seek()
    if (!this.#lock.isHeld || this.#underway || this.#rest) return
    const outdated = waiting.find(item => this.#outbox.isOutdated(item))
    if (outdated) return this.#outbox.refuse(outdated.client_id, RESTORED, { code: "restored" })
    const early = waiting.filter(isEarly)
    if (early.length) this.#sendSoon(early[0])
    const next = waiting.find(item => this.#isSentHere(item) && !early.includes(item))
    if (!next) return
    const { client_id, command } = next
    this.#underway = client_id
    this.#outbox.sending(client_id)
    // The server refuses a message if the session is not the author's.
    this.#socket.send(isMessage(next) ? { ...command, author: this.#author, client_id } : { ...command, client_id })
  }

  /** @param {import("./outbox.js").Unsent} item */
  #isSentHere({ client_id }) {
    return this.#lock.isShared || this.#isAlone || this.#outbox.isOwn(client_id)
  }

  /** @param {import("./outbox.js").Unsent} item */
  #sendSoon({ due = 0 }) {
    clearTimeout(this.#early)
    this.#early = setTimeout(() => this.send(), due - Date.now())
  }

  /** @param {import("../connection/protocol.js").Ack} ack */
  acknowledged({ client_id, seq }) {
    this.#answered(client_id)
    this.#outbox.acknowledge(client_id, seq)
    this.send()
  }

  /** @param {import("../connection/protocol.js").Refusal} refusal */
  refused({ client_id, code, message, rev, content, retry_after }) {
    // Only one message is under way: an error without an id refers to it.
    const refused = client_id ?? this.#underway
    this.#answered(refused)
    if (isPassing(code)) return this.#pause(retry_after)
    const item = this.#outbox.items.find(({ client_id }) => client_id === refused)
    if (refused && item && isUnanswerable(item, code)) this.#outbox.refuseReply(refused, UNANSWERED)
    else if (refused) this.#outbox.refuse(refused, message, { code, rev, content })
    this.send()
  }

  // A hidden tab may be frozen at any time: it holds the lock only while messages of its own wait.
  #seek() {
    if (!this.#isReady) return
    if (!document.hidden || this.#outbox.waiting.some(({ client_id }) => this.#outbox.isOwn(client_id)))
      this.#lock.seek()
    else this.#lock.yield()
  }

  // And then after other tabs: this one asks again.
  #yield() {
    if (document.hidden) this.#lock.yield()
    this.#seek()
  }

  /**
   * Waits for the first of these messages to get through.
   * @param {import("./outbox.js").Unsent[]} waiting
   */
  #expectProgress(waiting) {
    const isOwn = waiting.some(({ client_id }) => this.#outbox.isOwn(client_id))
    if (waiting.length === 0) this.#isAlone = false
    this.#wait(waiting.length ? `${waiting[0].client_id} ${isOwn}` : "", isOwn)
  }

  /**
   * @param {string} first
   * @param {boolean} [isOwn]
   */
  #wait(first, isOwn = false) {
    if (this.#awaited === first) return
    this.#awaited = first
    clearTimeout(this.#patience)
    // Tabs that wait for others' messages must not all lose patience at the same time.
    const patience = isOwn ? PATIENCE : LONG_PATIENCE * (1 + Math.random())
    if (first) this.#patience = setTimeout(() => this.#seize(), patience)
  }

  // If it is this tab that waits for an answer, or must not send yet, another one could do no better.
  #seize() {
    this.#awaited = ""
    if (!this.#underway && !this.#rest) {
      this.#isAlone = true
      this.#lock.seize()
    }
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

/**
 * @param {import("./outbox.js").Unsent} item
 * @param {string} code
 */
function isUnanswerable({ command }, code) {
  return command.type === "text_message" && UNANSWERABLE.includes(code)
}
