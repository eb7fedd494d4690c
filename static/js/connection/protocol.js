// The objects on a socket, as docs/protocol.md describes them.

/** @typedef {{ v: number, t: import("../log/body.js").BodyNode[] }} Body A text as a tree, where it is not plain. */
/** @typedef {{ content: string, body?: Body, mentions?: string[] }} MessageText */
/** @typedef {{ seq: number, timestamp: string }} Placed */
/** @typedef {Placed & { target: number, deleted?: boolean }} OfTarget What the change's target is, whenever the change is read. */
/** @typedef {Placed & MessageText & { type: "text_message", author: string, rev?: number, reply_to?: number, reply_rev?: number, deleted?: boolean }} TextMessage */
/** @typedef {Placed & { type: "event_message", user: string, status: "Join" | "Left", by?: string }} EventMessage */
/** @typedef {OfTarget & MessageText & { type: "message_edited", author: string, user: string, rev: number }} MessageEdited */
/** @typedef {OfTarget & { type: "message_deleted", user: string }} MessageDeleted */
/** @typedef {OfTarget & { type: "reaction", user: string, emoji: string, on: boolean, count: number }} Reaction */
/** @typedef {MessageEdited | MessageDeleted | Reaction} Change */
/** @typedef {Placed & { type: "group_changed", user: string, change: string, target_user?: string, value?: string, message: string }} GroupChanged */
/** @typedef {Placed & { type: "hidden" }} HiddenEntry */
/** @typedef {Placed & { type: "unknown", kind: string }} UnknownEntry */
/** @typedef {TextMessage | EventMessage | GroupChanged | Change | HiddenEntry | UnknownEntry} Entry */
/** @typedef {{ type: "ready", user: string, account?: string, seq: number, groups: string[], version?: string, epoch?: string | number, read?: number, read_rev?: number, unread?: Record<string, number>, mentions?: Record<string, number>, alerts?: Record<string, number> }} Ready */
/** @typedef {{ seq: number, author: string, text: string, timestamp: string, deleted?: boolean }} LastMessage A group's, as it is now; its text is its beginning. */
/** @typedef {{ type: "unread", group_uuid: string, unread: number, mentions: number, read: number, read_rev: number, at: number, alerts?: number, last?: LastMessage }} Unread */
/** @typedef {{ type: "group", group_uuid: string, name: string, access: "open" | "closed" | "direct", archived: boolean, members: number, role: string, level?: string, muted?: boolean, ended?: boolean }} Group */
/** @typedef {Group & { active_at: string, last?: LastMessage }} ListedGroup */
/** @typedef {{ type: "group_gone", group_uuid: string }} GroupGone */
/** @typedef {{ type: "ack", client_id: string, seq: number }} Ack */
/** @typedef {{ type: "error", code: string, message: string, client_id?: string, data?: string, retry_after?: number, rev?: number, content?: string }} Refusal */
/** @typedef {{ type: "source", target: number, rev: number, content: string }} Source A message's text as it was typed. */
/** @typedef {{ type: "join_group" | "leave_group", data: string }} JoinOrLeave */
/** @typedef {Entry | Ready | Unread | Group | GroupGone | Ack | Source | Refusal | JoinOrLeave | { type: "reset", seq: number }} Received */
/** @typedef {{ type: "text_message", message: string, reply_to?: number }} SendMessage */
/** @typedef {{ type: "edit_message", target: number, rev: number, message: string }} EditMessage */
/** @typedef {{ type: "delete_message", target: number }} DeleteMessage */
/** @typedef {{ type: "react", target: number, emoji: string, on: boolean }} React */
/** @typedef {SendMessage | EditMessage | DeleteMessage | React} Command What adds an entry to the log. */
/** @typedef {{ type: string, [field: string]: string | number | boolean }} Frame A command or another object, as it is sent. */

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
 * Whether the entry changes a message.
 * @param {Entry} entry
 * @returns {entry is Change}
 */
export function isChange(entry) {
  return ["message_edited", "message_deleted", "reaction"].includes(entry.type)
}

/**
 * Whether a command that was refused with this code is to be sent again a little later.
 * @param {string} code
 */
export function isPassing(code) {
  return code === "rate_limited" || code === "busy"
}

/**
 * Whether a client must not reconnect after this close code.
 * @param {number} code
 */
export function isFinal(code) {
  return code >= 4400 && code <= 4499
}
