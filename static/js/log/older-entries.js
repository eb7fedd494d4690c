// Older entries, fetched page by page when the reader gets near the first one. They are the server's
// markup, taken from the page behind the link "Earlier messages".

import { isOurs } from "../shared/ask.js"

const AHEAD = "600px"
const RETRY_AFTER = 15_000

export class OlderEntries {
  #link
  #log
  #observer

  /**
   * @param {HTMLAnchorElement} link
   * @param {Element} scroller
   * @param {import("./log.js").Log} log
   */
  constructor(link, scroller, log) {
    this.#link = link
    this.#log = log
    this.#observer = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#load(), {
      root: scroller,
      rootMargin: `${AHEAD} 0px 0px 0px`,
    })
    this.#observer.observe(link)
  }

  async #load() {
    this.#observer.unobserve(this.#link)
    const page = await fetchPage(this.#link.href).catch(() => null)
    /** @type {NodeListOf<HTMLElement> | undefined} */
    const rows = isOfAccount(page) ? page?.querySelector("#chat-log")?.querySelectorAll("[data-seq]") : undefined
    // If the page could not be fetched, the link stays and still leads there.
    if (!rows) return void setTimeout(() => this.#observer.observe(this.#link), RETRY_AFTER)
    const added = this.#log.prepend([...rows])
    this.#follow(added ? page?.querySelector("#earlier") : null)
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
    request.onload = () => resolve(isOurs(request) ? request.response : null)
    request.onerror = reject
    request.open("GET", address)
    request.send()
  })
}
