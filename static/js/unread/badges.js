// The numbers beside groups: what is unread, and how much of that mentions the user. As the macro `badges` shows them.
// With `alerts`: how much of it the title counts.

/** @typedef {{ unread: number, mentions: number, alerts: number }} Numbers */
/** @typedef {Numbers & { at: number }} Counted As of the seq `at`. */

const NOTHING = { unread: 0, mentions: 0, alerts: 0, at: 0 }

export class Badges {
  #root
  #total
  /** @type {Map<string, Counted>} The newest numbers of each group, also of groups that have no row yet. */
  #counted = new Map()

  /**
   * @param {ParentNode} root
   * @param {(totals: import("../shared/title.js").Totals) => void} total Shows what all groups have together.
   */
  constructor(root, total) {
    this.#root = root
    this.#total = total
  }

  /**
   * Shows the numbers of all groups. Returns whether others were shown.
   * @param {import("../connection/protocol.js").Ready} ready
   */
  ready({ unread, mentions = {}, alerts = {} }) {
    if (!unread) return false
    this.#counted.clear()
    for (const group of [unread, mentions, alerts].flatMap(Object.keys)) {
      const numbers = [unread, mentions, alerts].map(each => each[group] ?? 0)
      this.#counted.set(group, { unread: numbers[0], mentions: numbers[1], alerts: numbers[2], at: 0 })
    }
    const changed = [...this.#places(".badges")].filter(place => {
      const group = String(place.dataset.badges ?? place.closest("li")?.dataset.group)
      return fill(place, group, this.#counted.get(group) ?? NOTHING)
    })
    this.#add()
    return changed.length > 0
  }

  /**
   * Shows a group's numbers where its row is new: they may have come before it.
   * @param {string} group
   */
  added(group) {
    this.show(group, this.#counted.get(group) ?? NOTHING)
  }

  /**
   * Shows a group's numbers, unless newer ones are shown. Returns whether less was shown as unread.
   * @param {import("../connection/protocol.js").Unread} object
   */
  changed({ group_uuid, unread, mentions, alerts = 0, at }) {
    if (at < (this.#counted.get(group_uuid) ?? NOTHING).at) return false
    const isMore = unread > this.#shown(group_uuid)
    this.#counted.set(group_uuid, { unread, mentions, alerts, at })
    this.added(group_uuid)
    return isMore
  }

  /** @param {string} group */
  #shown(group) {
    return Number(this.#root.querySelector(`.group-unread[data-group="${CSS.escape(group)}"]`)?.textContent ?? 0)
  }

  /** @param {string} group */
  left(group) {
    this.#counted.delete(group)
    this.added(group)
  }

  /**
   * @param {string} group
   * @param {Numbers} numbers
   */
  show(group, numbers) {
    this.#counted.set(group, { at: 0, ...numbers })
    const id = `"${CSS.escape(group)}"`
    for (const place of this.#places(`[data-badges=${id}], li[data-group=${id}] .badges`)) fill(place, group, numbers)
    this.#add()
  }

  #add() {
    const totals = { alerts: 0, unread: 0 }
    for (const { alerts, unread, mentions } of this.#counted.values()) {
      totals.alerts += alerts
      // Of messages that were read before an edit mentioned the user, only these count.
      totals.unread += Math.max(unread, mentions)
    }
    this.#total(totals)
  }

  /**
   * @param {string} selector
   * @returns {NodeListOf<HTMLElement>}
   */
  #places(selector) {
    return this.#root.querySelectorAll(selector)
  }
}

/**
 * Returns false if the place had these numbers already.
 * @param {HTMLElement} place
 * @param {string} group
 * @param {Numbers} numbers
 */
function fill(place, group, { unread, mentions }) {
  const badges = [
    ...badge("group-mentions", group, mentions, mentions === 1 ? "mention" : "mentions"),
    ...badge("group-unread", group, unread, "unread"),
  ]
  if (holds(place, badges)) return false
  place.replaceChildren(...badges)
  return true
}

/**
 * @param {HTMLElement} place
 * @param {HTMLElement[]} elements
 */
function holds({ childNodes }, elements) {
  return childNodes.length === elements.length && elements.every((each, i) => each.isEqualNode(childNodes[i]))
}

/**
 * @param {string} name
 * @param {string} group
 * @param {number} number
 * @param {string} word
 */
function badge(name, group, number, word) {
  if (!number) return []
  const shown = element(`badge ${name}`, String(number))
  shown.dataset.group = group
  return [shown, element("visually-hidden", ` ${word}`)]
}

/**
 * @param {string} className
 * @param {string} text
 */
function element(className, text) {
  return Object.assign(document.createElement("span"), { className, textContent: text })
}
