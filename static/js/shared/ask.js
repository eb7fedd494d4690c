// Requests whose answer a page acts upon. While a server restarts, a proxy answers in its place, and before a login a
// captive portal does: with any status. What they say of groups and sessions is not true.

const MARK = "DiscussIt"
const ANSWER_WITHIN = 15_000

/**
 * @typedef Answer
 * @property {number} status
 * @property {import("../connection/protocol.js").Received[]} objects
 * @property {string} text If it is no JSON.
 * @property {string | null} version Of the scripts with which the server's pages come now.
 * @property {number | undefined} retryAfter In seconds.
 */

/**
 * Our server's answer; null if there is none in time, or if it is another server's. Redirects are none of ours: with this
 * `Accept` it answers 401 instead of leading to the login page.
 * @param {string} address
 * @param {RequestInit} [options]
 * @returns {Promise<Answer | null>}
 */
export async function ask(address, options) {
  const request = new AbortController()
  const timer = setTimeout(() => request.abort(), ANSWER_WITHIN)
  const headers = { Accept: "application/json" }
  try {
    const response = await fetch(address, { headers, redirect: "manual", signal: request.signal, ...options })
    return isFromServer(response) ? await read(response) : null
  } catch {
    return null // no network, too slow, or cut off
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The status with which our server answers; null if it does not.
 * @param {string} address
 */
export async function statusOf(address) {
  return (await ask(address, { method: "HEAD" }))?.status ?? null
}

/**
 * Whether the response is our server's, not a proxy's.
 * @param {Response | XMLHttpRequest} response
 */
export function isFromServer(response) {
  const mark = response instanceof Response ? response.headers.get(MARK) : response.getResponseHeader(MARK)
  return mark !== null
}

/**
 * @param {Response} response
 * @returns {Promise<Answer>}
 */
async function read(response) {
  const { status, headers } = response
  const body = await response.text()
  // Proxies may add a charset.
  const isJson = headers.get("Content-Type")?.startsWith("application/json") && body !== ""
  return {
    status,
    objects: isJson ? JSON.parse(body) : [],
    text: isJson ? "" : body,
    version: headers.get("Script-Version"),
    retryAfter: Number(headers.get("Retry-After")) || undefined,
  }
}
