// Other parts of the log: the server's markup, taken from its pages.

import { isFromServer } from "../shared/ask.js"

/**
 * A part of the log as the server shows it. `asof`: the log's last entry when it was read. `at`: the entry it is around.
 * @typedef {import("./window.js").Ends & { rows: HTMLElement[], asof: number, epoch?: string, at?: number }} LogPage
 */

/**
 * The part at this address; null if it could not be fetched, or was made for another account, which has logged in since.
 * @param {string} address
 * @returns {Promise<LogPage | null>}
 */
export async function fetchPart(address) {
  const page = await fetchPage(address).catch(() => null)
  const list = page?.body.dataset.account === document.body.dataset.account ? page?.querySelector("#chat-log") : null
  return list instanceof HTMLElement ? partOf(list) : null
}

/** @param {HTMLElement} list */
function partOf(list) {
  /** @type {NodeListOf<HTMLElement>} */
  const rows = list.querySelectorAll("[data-seq]")
  const { asof, epoch } = list.dataset
  const at = list.closest("#group")?.getAttribute("data-at")
  return { rows: [...rows], asof: Number(asof), epoch, at: at ? Number(at) : undefined, ...endsOf(list) }
}

/**
 * @param {HTMLElement} list
 * @returns {import("./window.js").Ends}
 */
export function endsOf(list) {
  return { hasEarlier: "hasEarlier" in list.dataset, hasLater: "hasLater" in list.dataset }
}

/**
 * Null if it is another server's. Not fetch(): parsing its text takes DOMParser, which Trusted Types forbid.
 * @param {string} address
 * @returns {Promise<Document | null>}
 */
export function fetchPage(address) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.responseType = "document"
    request.onload = () => resolve(isFromServer(request) ? request.response : null)
    request.onerror = reject
    request.open("GET", address)
    request.send()
  })
}
