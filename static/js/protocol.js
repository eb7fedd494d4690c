// The objects on a socket, as docs/protocol.md describes them.

/** @typedef {{ type: "text_message", seq: number, timestamp: string, author: string, content: string, withdrawn?: boolean }} TextMessage */
/** @typedef {{ type: "event_message", seq: number, timestamp: string, user: string, status: "Join" | "Left" }} EventMessage */
/** @typedef {TextMessage | EventMessage} Entry */
/** @typedef {{ type: "ready", seq: number, groups: string[] }} Ready */
/** @typedef {{ type: "ack", client_id: string, seq: number }} Ack */
/** @typedef {{ type: "error", code: string, message: string, client_id?: string, data?: string, retry_after?: number }} Refusal */
/** @typedef {{ type: "join_group" | "leave_group", data: string }} Move */
/** @typedef {Entry | Ready | Ack | Refusal | Move | { type: "reset", seq: number }} Received */

export const SUBPROTOCOL = "discussit.v1"
