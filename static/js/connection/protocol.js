// The objects on a socket, as docs/protocol.md describes them.

/** @typedef {{ type: "text_message", seq: number, timestamp: string, author: string, content: string, withdrawn?: boolean }} TextMessage */
/** @typedef {{ type: "event_message", seq: number, timestamp: string, user: string, status: "Join" | "Left" }} EventMessage */
/** @typedef {{ type: "unknown", seq: number, timestamp: string, kind: string }} UnknownEntry */
/** @typedef {TextMessage | EventMessage | UnknownEntry} Entry */
/** @typedef {{ type: "ready", user: string, account?: string, seq: number, groups: string[], version?: string, epoch?: string | number, read?: number, read_rev?: number, unread?: Record<string, number>, mentions?: Record<string, number> }} Ready */
/** @typedef {{ type: "unread", group_uuid: string, unread: number, mentions: number, read: number, read_rev: number, at: number }} Unread */
/** @typedef {{ type: "ack", client_id: string, seq: number }} Ack */
/** @typedef {{ type: "error", code: string, message: string, client_id?: string, data?: string, retry_after?: number }} Refusal */
/** @typedef {{ type: "join_group" | "leave_group", data: string }} JoinOrLeave */
/** @typedef {Entry | Ready | Unread | Ack | Refusal | JoinOrLeave | { type: "reset", seq: number }} Received */

export const SUBPROTOCOL = "discussit.v1"

/**
 * Whether the object is an entry of the log. Every entry is counted, whatever its type: later versions have more types.
 * @param {Received} object
 * @returns {object is Entry}
 */
export function isEntry(object) {
  return "seq" in object && "timestamp" in object
}

/**
 * Whether a client must not reconnect after this close code.
 * @param {number} code
 */
export function isFinal(code) {
  return code >= 4400 && code <= 4499
}
