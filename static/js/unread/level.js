// Which messages of this page's group the title counts: the rule of `alerts` in log/unread.py; tests/corpus holds both to it.

export class Level {
  #level

  /** @param {DOMStringMap} page The data of its element. */
  constructor({ level, muted }) {
    this.#level = muted === undefined ? level : ""
  }

  /** @param {import("../connection/protocol.js").Group} group */
  changed({ level, muted }) {
    this.#level = muted ? "" : level
  }

  /**
   * The numbers of the group with what the title counts. Their `alerts` are the messages that mention or answer the user,
   * which the server counts.
   * @param {import("./badges.js").Numbers} numbers
   */
  of(numbers) {
    const counted = { all: Math.max(numbers.unread, numbers.alerts), mentions: numbers.alerts }
    return { ...numbers, alerts: Object(counted)[this.#level ?? ""] ?? 0 }
  }
}
