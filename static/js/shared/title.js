// The tab's title and icon: how much the user wants to be told of, and a dot for anything else unread.

/** @typedef {{ alerts: number, unread: number }} Totals */

export class Title {
  #name = document.title
  #totals = { alerts: 0, unread: 0 }
  #shown = ""

  /**
   * The page is called something else.
   * @param {string} before
   * @param {string} name
   */
  rename(before, name) {
    this.#name = this.#name.replace(before, () => name)
    this.count(this.#totals)
  }

  /** @param {Totals} totals */
  count(totals) {
    this.#totals = totals
    const title = titled(this.#name, totals)
    if (this.#shown === title) return
    document.title = this.#shown = title
    /** @type {HTMLLinkElement | null} */
    const icon = document.querySelector("[rel=icon]")
    if (icon) icon.href = icon.href.replace(/favicon[^/]*$/, iconOf(totals))
    // Browsers without the function, or that refuse, show nothing beside an installed page.
    Object(navigator)
      .setAppBadge?.(totals.alerts)
      .catch(() => {})
  }
}

/**
 * @param {string} name
 * @param {Totals} totals
 */
export function titled(name, { alerts, unread }) {
  if (alerts) return `(${alerts}) ${name}`
  return unread ? `• ${name}` : name
}

/** @param {Totals} totals */
export function iconOf({ alerts, unread }) {
  if (alerts) return "favicon-alert.svg"
  return unread ? "favicon-dot.svg" : "favicon.svg"
}
