// The pill that shows the connection's status. It must always be true: "Live" only while the socket is
// open, the log shows all of the server's entries, and messages get through.

import { isMessage } from "../composer/outbox.js"

const WELCOME_TIME = 2_000
// Whoever looks after 5 s must not see "Live".
const LATE = 4_500
/** @type {{ [status: string]: string }} */
const ENDINGS = {
  "signed-out": "Logged out",
  "not-member": "No longer a member",
  gone: "The group is gone",
  ended: "Disconnected",
  outdated: "Out of date",
}

export class ConnectionStatus {
  #pill
  /** @type {import("./socket.js").Status} */
  #status = "connecting"
  #goal = Infinity
  #last = 0
  /** @type {Map<string, number> | null} */
  #waiting = null
  #waitingWords = ""
  #isLate = false
  #wasAway = false
  #hasReturned = false
  /** @type {number | undefined} */
  #timer
  /** @type {number | undefined} */
  #lateness

  /** @param {HTMLElement} pill */
  constructor(pill) {
    this.#pill = pill
  }

  /** @param {import("./socket.js").Status} status */
  changed(status) {
    this.#status = status
    if (status === "open") return
    if (status === "polling") return this.#settle()
    this.#wasAway ||= status !== "connecting" || this.#goal < Infinity
    this.#goal = Infinity
    this.#settle()
  }

  /**
   * The log ended at `seq` when the connection was opened.
   * @param {number} seq
   */
  ready(seq) {
    this.#goal = seq
    this.reached(this.#last)
  }

  /** @param {number} last */
  reached(last) {
    this.#last = last
    if (this.#isCaughtUp && this.#wasAway) this.#welcome()
    this.#show()
  }

  /**
   * These wait to be sent. Those that this page finds may have waited for long.
   * @param {import("../composer/outbox.js").Unsent[]} items
   */
  waiting(items) {
    const since = this.#waiting
    const now = performance.now()
    this.#waiting = new Map(items.map(({ client_id: id }) => [id, since ? (since.get(id) ?? now) : -LATE]))
    this.#waitingWords = wordsFor(items)
    this.#expectLateness(Math.min(...this.#waiting.values()) + LATE - now)
    this.#show()
  }

  /** @param {number} pause */
  #expectLateness(pause) {
    clearTimeout(this.#lateness)
    this.#isLate = pause <= 0
    if (pause > 0 && pause < Infinity) this.#lateness = setTimeout(() => this.#becomeLate(), pause)
  }

  #becomeLate() {
    this.#isLate = true
    this.#show()
  }

  get #isCaughtUp() {
    return this.#status === "open" && this.#last >= this.#goal
  }

  #welcome() {
    this.#wasAway = false
    this.#hasReturned = true
    this.#timer = setTimeout(() => this.#settle(), WELCOME_TIME)
  }

  #settle() {
    clearTimeout(this.#timer)
    this.#hasReturned = false
    this.#show()
  }

  #show() {
    const [state, text] = this.#words()
    this.#pill.dataset.state = state
    // Only changes: screen readers would read the same text aloud again.
    if (this.#pill.textContent !== text) this.#pill.textContent = text
    this.#pill.title = `Last entry here: ${this.#last}`
  }

  #words() {
    if (this.#isCaughtUp && this.#hasReturned) return ["caught-up", "Caught up"]
    if (this.#isCaughtUp && this.#isLate) return ["away", `Sending ${this.#waitingWords}…`]
    if (this.#isCaughtUp) return ["live", "Live"]
    if (this.#status === "polling") return ["polling", join("Delayed", this.#count("is being sent", "are being sent"))]
    if (this.#status in ENDINGS) return ["ended", join(ENDINGS[this.#status], this.#count("waits here", "wait here"))]
    if (this.#status === "offline") return ["offline", join("Offline", this.#count("will be sent", "will be sent"))]
    const doing = this.#wasAway ? "Reconnecting…" : "Connecting…"
    return ["away", join(doing, this.#count("waits here", "wait here"))]
  }

  /**
   * @param {string} one
   * @param {string} many
   */
  #count(one, many) {
    const count = this.#waiting?.size ?? 0
    return count ? `${this.#waitingWords} ${count === 1 ? one : many}` : ""
  }
}

/**
 * "1 message", "2 messages and 1 change"
 * @param {import("../composer/outbox.js").Unsent[]} items
 */
function wordsFor(items) {
  const messages = items.filter(isMessage).length
  const counted = Object.entries({ message: messages, change: items.length - messages }).filter(
    ([, count]) => count > 0,
  )
  return counted.map(([noun, count]) => `${count} ${noun}${count === 1 ? "" : "s"}`).join(" and ")
}

/** @param {string[]} parts */
function join(...parts) {
  return parts.filter(Boolean).join(" – ")
}
