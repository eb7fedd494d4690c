// What the server has of all the user's groups: for lists that may have missed changes.

import { ask } from "../shared/ask.js"

const SECOND = 1_000
// Pages that return to a restarted server must not all ask at the same time.
const SPREAD = 10 * SECOND
const LONGEST_PAUSE = 300 * SECOND
const SOON = 3 * SECOND
const MOST = 100 // groups in an answer, as in discussit/groups/lists.py

export class OwnGroups {
  #address
  #received
  /** @type {Set<string>} Groups of which something was received while an answer was under way. */
  #newer = new Set()
  /** @type {number | undefined} */
  #timer
  #isAsking = false
  #isHidden = false

  /**
   * @param {string} address
   * @param {(found: Found) => void} received
   */
  constructor(address, received) {
    const { account = "" } = document.body.dataset
    this.#address = `${address}?${new URLSearchParams({ account })}`
    this.#received = received
    document.addEventListener("visibilitychange", () => this.#shown())
  }

  /** The list may have missed changes, as it has on other pages that had lost their connection. */
  missed() {
    this.#later(SPREAD)
  }

  /** A group has no row yet, or its last message is not known. */
  soon() {
    this.#later(SOON)
  }

  /**
   * Asks at a random moment, of a page in the background when it is looked at.
   * @param {number} spread In milliseconds.
   */
  #later(spread) {
    this.#timer ??= setTimeout(() => this.#ask(spread), Math.random() * spread)
  }

  /**
   * Takes note that something newer of a group was received than what is under way.
   * @param {string} uuid
   */
  isNewer(uuid) {
    if (this.#isAsking) this.#newer.add(uuid)
  }

  #shown() {
    if (!this.#isHidden || document.hidden) return
    this.#isHidden = false
    this.#later(SECOND)
  }

  /** @param {number} spread */
  async #ask(spread) {
    this.#timer = undefined
    this.#isHidden = document.hidden
    if (this.#isHidden) return
    if (this.#isAsking) return this.#later(SECOND)
    this.#isAsking = true
    this.#newer.clear()
    const answer = await ask(this.#address)
    this.#isAsking = false
    if (answer?.status === 200) this.#received(new Found(answer.objects, this.#newer))
    else if (answer === null || answer.status === 429 || answer.status >= 500)
      this.#later(Math.min(2 * Math.max(spread, SECOND), LONGEST_PAUSE))
  }
}

export class Found {
  /** @type {ReadonlySet<string>} */
  #uuids
  #newer
  /** @type {import("../connection/protocol.js").ListedGroup[]} Those of which nothing newer was received. */
  groups

  /**
   * @param {import("../connection/protocol.js").Received[]} objects
   * @param {ReadonlySet<string>} newer
   */
  constructor([ready, ...objects], newer) {
    const groups = /** @type {import("../connection/protocol.js").ListedGroup[]} */ (objects)
    const { groups: all } = /** @type {import("../connection/protocol.js").Ready} */ (ready)
    // An answer that is not full lacks the archived ones, which lists don't show.
    this.#uuids = new Set(groups.length < MOST ? groups.map(group => group.group_uuid) : all)
    this.#newer = newer
    this.groups = groups.filter(group => !newer.has(group.group_uuid))
  }

  /**
   * Whether a group is not among those that lists show, or no longer the user's.
   * @param {string} uuid
   */
  lacks(uuid) {
    return !this.#uuids.has(uuid) && !this.#newer.has(uuid)
  }
}
