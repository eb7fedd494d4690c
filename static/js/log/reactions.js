// The reactions below a message: a chip for each emoji, in the order in which they were first used, however many users
// react so now.

import { cloned, find } from "../shared/dom.js"

/** @typedef {{ count: number, isOwn: boolean }} Reacted How many users react with an emoji, and whether the reader does. */

const NONE = { count: 0, isOwn: false }

export class Reactions {
  #user
  #address
  /** @type {WeakMap<HTMLElement, Map<string, Reacted>>} What the log says, by emoji in their order. */
  #known = new WeakMap()

  /**
   * @param {string} user
   * @param {string} address Of the group.
   */
  constructor(user, address) {
    this.#user = user
    this.#address = address
  }

  /**
   * Follows an entry of the log.
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Reaction} reaction
   * @param {boolean} [wanted] Whether the reader has asked to react so, or no longer, meanwhile.
   */
  follow(row, { emoji, user, on, count }, wanted) {
    const { isOwn } = this.#reacted(row, emoji)
    this.#of(row).set(emoji, { count, isOwn: user === this.#user ? on : isOwn })
    noteUsed(row, this.#of(row))
    this.show(row, emoji, wanted)
  }

  /**
   * Whether the reader reacts so, as the log says.
   * @param {HTMLElement} row
   * @param {string} emoji
   */
  isOwn(row, emoji) {
    return this.#of(row).get(emoji)?.isOwn ?? false
  }

  /**
   * Shows the reaction as it is in the log, but the reader's own as it is wanted.
   * @param {HTMLElement} row
   * @param {string} emoji
   * @param {boolean} [wanted]
   */
  show(row, emoji, wanted) {
    const { count, isOwn } = withOwn(this.#reacted(row, emoji), wanted)
    if (count === 0 || row.querySelector(".entry-deleted")) return remove(row, chipOf(row, emoji))
    const chip = chipOf(row, emoji) ?? this.#insert(row, emoji)
    find(chip, ".reaction-count").textContent = String(count)
    chip.setAttribute("aria-pressed", String(isOwn))
    // Which of the page's forms it submits where there is no connection.
    chip.setAttribute("form", isOwn ? "unreact" : "react")
  }

  /**
   * What the log says. A new emoji gets the last place.
   * @param {HTMLElement} row
   * @param {string} emoji
   */
  #reacted(row, emoji) {
    const known = this.#of(row)
    const reacted = known.get(emoji) ?? NONE
    known.set(emoji, reacted)
    return reacted
  }

  /** @param {HTMLElement} row */
  #of(row) {
    const known = this.#known.get(row) ?? new Map(usedIn(row).map(emoji => [emoji, reactedIn(chipOf(row, emoji))]))
    this.#known.set(row, known)
    return known
  }

  /**
   * @param {HTMLElement} row
   * @param {string} emoji
   */
  #insert(row, emoji) {
    const chip = cloned("reaction-template")
    chip.dataset.emoji = emoji
    chip.setAttribute("value", emoji)
    chip.setAttribute("formaction", `${this.#address}messages/${row.dataset.seq}/reactions/`)
    find(chip, "span").textContent = emoji
    const order = [...this.#of(row).keys()]
    const place = order.indexOf(emoji)
    const next = chipsOf(row).find(other => order.indexOf(emojiOf(other)) > place) ?? null
    containerIn(row).insertBefore(chip, next)
    return chip
  }
}

/**
 * What is shown while the reader's own reaction is on its way.
 * @param {Reacted} reacted What the log says.
 * @param {boolean} [wanted]
 */
export function withOwn({ count, isOwn }, wanted = isOwn) {
  return { count: count + Number(wanted) - Number(isOwn), isOwn: wanted }
}

/** @param {HTMLElement} row */
function chipsOf(row) {
  /** @type {NodeListOf<HTMLElement>} */
  const chips = row.querySelectorAll(".reaction")
  return [...chips]
}

/**
 * @param {HTMLElement} row
 * @param {string} emoji
 */
function chipOf(row, emoji) {
  return chipsOf(row).find(chip => emojiOf(chip) === emoji)
}

/** @param {HTMLElement} chip */
export function emojiOf(chip) {
  return String(chip.dataset.emoji)
}

/**
 * All emoji that were used, in the order of first use. The server names the first hundred where some have no chip any more.
 * @param {HTMLElement} row
 */
function usedIn(row) {
  return [...new Set([...(row.dataset.used?.split(" ") ?? []), ...chipsOf(row).map(emojiOf)])]
}

/**
 * Names them as the server does.
 * @param {HTMLElement} row
 * @param {Map<string, Reacted>} known
 */
function noteUsed(row, known) {
  if ([...known.values()].every(({ count }) => count > 0)) delete row.dataset.used
  else row.dataset.used = [...known.keys()].join(" ")
}

/** @param {HTMLElement} [chip] */
function reactedIn(chip) {
  if (!chip) return NONE
  return {
    count: Number(find(chip, ".reaction-count").textContent),
    isOwn: chip.getAttribute("aria-pressed") === "true",
  }
}

/** @param {HTMLElement} row */
function containerIn(row) {
  const container = row.querySelector(".entry-reactions")
  if (container) return container
  const added = cloned("reactions-template")
  row.insertBefore(added, row.querySelector(".entry-replies, .entry-actions"))
  return added
}

/**
 * The last chip goes with what is around it. The focus moves on.
 * @param {HTMLElement} row
 * @param {HTMLElement} [chip]
 */
function remove(row, chip) {
  if (!chip) return
  const container = chip.parentElement
  const hadFocus = chip === document.activeElement
  chip.remove()
  if (container?.childElementCount === 0) container.remove()
  /** @type {HTMLElement | null} */
  const next = row.querySelector(".reaction, .entry-actions")
  if (hadFocus) next?.focus({ preventScroll: true })
}
