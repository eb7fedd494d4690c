// The reader's own reactions. What is wanted waits in the outbox as a state, never as a toggle, and is shown until the log
// has it. It is sent a moment after the last press, so that pressing twice sends nothing.

import { emojiOf } from "./reactions.js"

const PAUSE = 300 // milliseconds

/** @typedef {import("../composer/outbox.js").Unsent<import("../connection/protocol.js").React>} Wanted */

export class Reacting {
  #reactions
  #outbox
  /** @type {Map<string, Wanted>} By message and emoji, the last of each. */
  #wanted = new Map()

  /**
   * @param {import("./reactions.js").Reactions} reactions
   * @param {import("../composer/outbox.js").Outbox} outbox
   */
  constructor(reactions, outbox) {
    this.#reactions = reactions
    this.#outbox = outbox
  }

  /** @param {HTMLElement} chip */
  press(chip) {
    const row = /** @type {HTMLElement} */ (chip.closest("[data-seq]"))
    this.set(row, emojiOf(chip), chip.getAttribute("aria-pressed") !== "true")
  }

  /**
   * @param {HTMLElement} row
   * @param {string} emoji
   * @param {boolean} on Whether the reader reacts so from now on.
   */
  set(row, emoji, on) {
    const target = Number(row.dataset.seq)
    const earlier = this.#wanted.get(keyOf({ target, emoji }))
    const mayBeSent = earlier !== undefined && (earlier.sent || !isEarly(earlier))
    if (earlier && !earlier.sent) this.#outbox.discard(earlier.client_id)
    if (mayBeSent || on !== this.#reactions.isOwn(row, emoji))
      this.#outbox.add({ type: "react", target, emoji, on }, Date.now() + PAUSE)
  }

  /**
   * Whether the reader reacts so, or wants to.
   * @param {HTMLElement} row
   * @param {string} emoji
   */
  isOwn(row, emoji) {
    return this.#wantedOf(Number(row.dataset.seq), emoji) ?? this.#reactions.isOwn(row, emoji)
  }

  /**
   * Follows an entry of the log.
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Reaction} reaction
   */
  follow(row, reaction) {
    this.#reactions.follow(row, reaction, this.#wantedOf(reaction.target, reaction.emoji))
  }

  /** Shows what waits in the outbox, and what no longer does as the log says. */
  show() {
    const before = this.#wanted
    this.#wanted = new Map(this.#outbox.items.filter(isWanted).map(item => [keyOf(item.command), item]))
    for (const { command } of [...before.values(), ...this.#wanted.values()]) {
      const row = document.getElementById(`seq-${command.target}`)
      if (row) this.#reactions.show(row, command.emoji, this.#wantedOf(command.target, command.emoji))
    }
  }

  /**
   * @param {number} target
   * @param {string} emoji
   */
  #wantedOf(target, emoji) {
    return this.#wanted.get(keyOf({ target, emoji }))?.command.on
  }
}

/**
 * Whether it must not be sent yet. No clock that is set back can make that long.
 * @param {import("../composer/outbox.js").Unsent} item
 */
export function isEarly({ due = 0 }) {
  const left = due - Date.now()
  return left > 0 && left <= PAUSE
}

/**
 * @param {import("../composer/outbox.js").Unsent} item
 * @returns {item is Wanted}
 */
function isWanted(item) {
  return item.command.type === "react" && !item.refusal
}

/** @param {{ target: number, emoji: string }} reaction */
function keyOf({ target, emoji }) {
  return `${target} ${emoji}`
}
