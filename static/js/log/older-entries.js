// Older entries, fetched page by page when the reader gets near the first one. They are the server's
// markup, taken from the page behind the link "Earlier messages".

const AHEAD = "600px"

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
    const rows = page?.querySelector("#chat-log")?.querySelectorAll("[data-seq]")
    // If the page could not be fetched, the link stays and still leads there.
    if (!rows) return
    this.#log.prepend([...rows])
    this.#follow(page?.querySelector("#earlier"))
  }

  /** @param {Element | null | undefined} link */
  #follow(link) {
    const href = link?.getAttribute("href")
    if (!href) return this.#link.remove()
    this.#link.href = href
    this.#observer.observe(this.#link)
  }
}

/**
 * Not fetch(): parsing its text takes DOMParser, which Trusted Types forbid.
 * @param {string} address
 * @returns {Promise<Document | null>}
 */
function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.responseType = "document"
    request.onload = () => resolve(request.response)
    request.onerror = reject
    request.open("GET", address)
    request.send()
  })
}
