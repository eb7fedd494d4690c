// Older entries, fetched page by page when the reader gets near the first one. They are the server's
// markup, taken from the page behind the link "Earlier messages".

import { isFromServer } from "../shared/ask.js"

const AHEAD = "600px"
const RETRY_AFTER = 15_000

export class OlderEntries {
  #link
  #log
  #outdated
  #observer

  /**
   * @param {HTMLAnchorElement} link
   * @param {Element} scroller
   * @param {import("./log.js").Log} log
   * @param {() => void} outdated Called when this page shows a log that is no longer the group's, or has seen too many
   *   changes since to apply them.
   */
  constructor(link, scroller, log, outdated) {
    this.#link = link
    this.#log = log
    this.#outdated = outdated
    this.#observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#load(), {
      root: scroller,
      rootMargin: `${AHEAD} 0px 0px 0px`,
    })
    this.#observer.observe(link)
  }

  async #load() {
    this.#observer.unobserve(this.#link)
    this.#log.expectOlder()
    const page = await fetchPage(this.#link.href).catch(() => null)
    const list = isOfAccount(page) ? page?.querySelector("#chat-log") : null
    // If the page could not be fetched, the link stays and still leads there.
    if (!list) return this.#later()
    const asof = Number(list.getAttribute("data-asof"))
    if (list.getAttribute("data-epoch") !== this.#log.epoch || !this.#log.knowsChangesAfter(asof))
      return this.#outdated()
    /** @type {NodeListOf<HTMLElement>} */
    const rows = list.querySelectorAll("[data-seq]")
    const added = this.#log.prepend([...rows], asof)
    this.#follow(added ? page?.querySelector("#earlier") : null)
  }

  #later() {
    this.#log.expectNoOlder()
    setTimeout(() => this.#observer.observe(this.#link), RETRY_AFTER)
  }

  /**
   * Nothing older is shown if there is no link, or if the page behind it had nothing older: then it was the log's end.
   * @param {Element | null | undefined} link
   */
  #follow(link) {
    const href = link?.getAttribute("href")
    if (!href) return this.#link.remove()
    this.#link.href = href
    this.#observer.observe(this.#link)
  }
}

/**
 * Whether the page was made for the account that this one belongs to: another may have logged in meanwhile.
 * @param {Document | null} page
 */
function isOfAccount(page) {
  return page?.body.dataset.account === document.body.dataset.account
}

/**
 * Null if it is another server's. Not fetch(): parsing its text takes DOMParser, which Trusted Types forbid.
 * @param {string} address
 * @returns {Promise<Document | null>}
 */
function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.responseType = "document"
    request.onload = () => resolve(isFromServer(request) ? request.response : null)
    request.onerror = reject
    request.open("GET", address)
    request.send()
  })
}
