// Why a socket was refused, which scripts can't read: the same is asked without a socket.

import { pause } from "../shared/pause.js"

// A server that is being set up may refuse for a moment: only the same answer after this pause is believed.
const CONFIRM_AFTER = 5_000

/** @typedef {() => Promise<number | null>} Question Asks without a socket: the status of the server's answer, if any. */

/** @type {{ [status: number]: import("./socket.js").Status }} */
const VERDICTS = { 401: "signed-out", 403: "not-member", 404: "gone", 409: "signed-out" }

/**
 * Whether the server answers other requests, and what it says against this page, if it says it twice.
 * @param {Question} question
 */
export async function askWhy(question) {
  const status = await question()
  const verdict = VERDICTS[status ?? 0]
  if (!verdict) return { isServed: status === 200 }
  await pause(CONFIRM_AFTER)
  return (await question()) === status ? { isServed: false, verdict } : { isServed: false }
}
