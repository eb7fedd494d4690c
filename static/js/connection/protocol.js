// The objects on a socket, as docs/protocol.md describes them.

/** @typedef {{ type: "text_message", seq: number, timestamp: string, author: string, content: string, withdrawn?: boolean }} TextMessage */
/** @typedef {{ type: "event_message", seq: number, timestamp: string, user: string, status: "Join" | "Left" }} EventMessage */
/** @typedef {{ type: "unknown", seq: number, timestamp: string, kind: string }} UnknownEntry */
/** @typedef {TextMessage | EventMessage | UnknownEntry} Entry */
/** @typedef {{ type: "ready", seq: number, groups: string[], version?: string, epoch?: string | number }} Ready */
/** @typedef {{ type: "ack", client_id: string, seq: number }} Ack */
/** @typedef {{ type: "error", code: string, message: string, client_id?: string, data?: string, retry_after?: number }} Refusal */
/** @typedef {{ type: "join_group" | "leave_group", data: string }} Move */
/** @typedef {Entry | Ready | Ack | Refusal | Move | { type: "reset", seq: number }} Received */

export const SUBPROTOCOL = "discussit.v1"

/**
 * Whether the object is an entry of the log. Each is counted, whatever its type: those to come have others than these.
 * @param {Received} object
 * @returns {object is Entry}
 */
export function isEntry(object) {
  return "seq" in object && "timestamp" in object
}

/**
 * Whether a connection that was closed with this code is not to be made again.
 * @param {number} code
 */
export function isFinal(code) {
  return code >= 4400 && code <= 4499
}
