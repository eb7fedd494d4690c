// What the server has not acknowledged of messages, edits, deletions and reactions, or what the log does not show yet. All
// tabs of one account share a group's outbox, and it outlives them.
//
// Each command has its own key: tabs write at the same time, and with a single list they would overwrite each
// other's. Keys begin with the time of writing, so sorted keys are the order of sending.

import { keyOf } from "../shared/account.js"
import { newId } from "../shared/ids.js"
import { forget, keep, kept, keysWith } from "../shared/storage.js"

const MOMENT_DIGITS = 15

/** @typedef {import("../connection/protocol.js").Command} Command */
/** @typedef {import("../connection/protocol.js").SendMessage} SendMessage */
/** @typedef {import("../connection/protocol.js").EditMessage} EditMessage */
/**
 * A command with `seq` once acknowledged or `refusal` once refused. `error`: what else the server said. `sent`: a tab has
 * begun to send it, so that the server may have it. `heldBy`: the tab in which it is being changed. `due`: the time of day
 * before which it is not sent. `epoch`: of the log in which a change's target is.
 * @template {Command} [Of=Command]
 * @typedef {{
 *   client_id: string, command: Of, seq?: number, refusal?: string, error?: Refused, sent?: boolean, heldBy?: string,
 *   due?: number, epoch?: string,
 * }} Unsent
 */
/** @typedef {{ code: string, rev?: number, content?: string }} Refused Of an edit: what the message is by now. */

export class Outbox {
  #prefix
  #tab
  #epoch
  #changed
  #own

  /**
   * `changed()` is called after every change, here or in another tab.
   * @param {{ account: string, group: string, epoch?: string, tab: import("../shared/tab.js").Tab }} page
   * @param {() => void} changed
   */
  constructor({ account, group, epoch, tab }, changed) {
    this.#prefix = keyOf(account, "outbox", group, "")
    this.#tab = tab
    this.#epoch = epoch
    this.#changed = changed
    this.#own = new Set(this.items.map(({ client_id }) => client_id))
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(this.#prefix)) changed()
    })
  }

  /**
   * Everything in the order of sending.
   * @returns {Unsent[]}
   */
  get items() {
    return keysWith(this.#prefix)
      .map(key => read(key))
      .filter(item => item !== null)
  }

  /** What has to be sent, now or soon. */
  get waiting() {
    return this.items.filter(item => !item.seq && !item.refusal && !item.heldBy)
  }

  get messages() {
    return this.items.filter(isMessage)
  }

  /**
   * Whether it was written in this tab, or was there when the tab was opened.
   * @param {string} client_id
   */
  isOwn(client_id) {
    return this.#own.has(client_id)
  }

  /**
   * Returns its client_id. An edit takes the place of one that was not sent, or follows one that may have been.
   * @param {Command} command
   * @param {number} [due]
   */
  add(command, due) {
    const client_id = newId()
    this.#own.add(client_id)
    const key = `${this.#prefix}${this.#nextMoment()}:${client_id}`
    const based = command.type === "edit_message" ? this.#rebased(command) : command
    write(key, { client_id, command: based, due, epoch: this.#epoch })
    this.#changed()
    return client_id
  }

  /**
   * Whether it would change another message than it was meant for: an older copy of the log has other ones by now.
   * @param {Unsent} item
   */
  isOutdated({ epoch = this.#epoch }) {
    return epoch !== this.#epoch
  }

  /** @param {EditMessage} edit */
  #rebased(edit) {
    const earlier = this.items.filter(isEdit).findLast(item => item.command.target === edit.target && !item.refusal)
    if (!earlier) return edit
    const { rev } = earlier.command
    if (earlier.sent) return { ...edit, rev: rev + 1 }
    forget(String(this.#keyOf(earlier.client_id)))
    return { ...edit, rev }
  }

  /**
   * A tab is about to send it.
   * @param {string} client_id
   */
  sending(client_id) {
    const key = this.#keyOf(client_id)
    const item = key && read(key)
    if (item && !item.sent) write(key, { ...item, sent: true })
  }

  /**
   * @param {string} client_id
   * @param {number} seq
   */
  acknowledge(client_id, seq) {
    this.#change(client_id, item => ({ ...item, seq, refusal: undefined }))
  }

  /**
   * If an edit waits that was made of it, that is sent instead, as one of the same text.
   * @param {string} client_id
   * @param {string} refusal
   * @param {Refused} [error]
   */
  refuse(client_id, refusal, error) {
    const next = this.#editAfter(this.#find(client_id)?.command)
    const instead = next && { command: { ...next.command, rev: next.command.rev - 1 } }
    this.#change(client_id, item => ({ ...item, ...(instead ?? { refusal, error }), sent: undefined }))
    if (next) this.discard(next.client_id)
  }

  /** @param {Command} [command] */
  #editAfter(command) {
    if (command?.type !== "edit_message") return undefined
    const edits = this.waiting.filter(isEdit)
    return edits.find(({ command: { target, rev } }) => target === command.target && rev === command.rev + 1)
  }

  /**
   * What the message answers is gone: from now on it answers nothing.
   * @param {string} client_id
   * @param {string} refusal
   */
  refuseReply(client_id, refusal) {
    this.refuse(client_id, refusal)
    this.#changeText(client_id, ({ message }) => ({ type: "text_message", message }))
  }

  /** @param {string} client_id */
  retry(client_id) {
    this.#change(client_id, item => ({ ...item, refusal: undefined, error: undefined }))
  }

  /** @param {string} client_id */
  discard(client_id) {
    const key = this.#keyOf(client_id)
    if (key) forget(key)
    this.#changed()
  }

  /**
   * It is not sent until it is released, or this tab is gone. Returns false if the server may have it. Another tab that
   * holds it no longer does.
   * @param {string} client_id
   */
  hold(client_id) {
    const item = this.#find(client_id)
    if (!item || item.sent || item.seq) return false
    this.#change(client_id, held => ({ ...held, refusal: undefined, heldBy: this.#tab.id }))
    return true
  }

  /** @param {string} client_id */
  release(client_id) {
    this.#change(client_id, item => ({ ...item, heldBy: undefined }))
  }

  /**
   * Gives a message another text. Returns false if the server may have it, or if it is gone.
   * @param {string} client_id
   * @param {string} message
   */
  rewrite(client_id, message) {
    const item = this.#find(client_id)
    if (!item || item.sent || item.seq) return false
    this.#changeText(client_id, command => ({ ...command, message }))
    return true
  }

  /**
   * Removes what the log shows: what was acknowledged with a seq up to `last`.
   * @param {number} last
   */
  settle(last) {
    const arrived = keysWith(this.#prefix).filter(key => (read(key)?.seq ?? Infinity) <= last)
    for (const key of arrived) forget(key)
    if (arrived.length) this.#changed()
  }

  /**
   * @param {string} client_id
   * @param {(command: SendMessage) => SendMessage} change
   */
  #changeText(client_id, change) {
    this.#change(client_id, item => (isMessage(item) ? { ...item, command: change(item.command) } : item))
  }

  /**
   * @param {string} client_id
   * @param {(item: Unsent) => Unsent} change
   */
  #change(client_id, change) {
    const key = this.#keyOf(client_id)
    const item = key && read(key)
    if (!item) return
    write(key, change(item))
    this.#changed()
  }

  /** @param {string} client_id */
  #find(client_id) {
    const key = this.#keyOf(client_id)
    return key ? read(key) : null
  }

  /** @param {string} client_id */
  #keyOf(client_id) {
    return keysWith(this.#prefix).find(key => key.endsWith(`:${client_id}`))
  }

  // After everything else, even if the clock was set back or two were written in one millisecond.
  #nextMoment() {
    const newest = keysWith(this.#prefix).at(-1)?.slice(this.#prefix.length).split(":")[0] ?? 0
    return String(Math.max(Date.now(), Number(newest) + 1)).padStart(MOMENT_DIGITS, "0")
  }
}

/**
 * @param {Unsent} item
 * @returns {item is Unsent<SendMessage>}
 */
export function isMessage(item) {
  return item.command.type === "text_message"
}

/**
 * @param {Unsent} item
 * @returns {item is Unsent<EditMessage>}
 */
function isEdit(item) {
  return item.command.type === "edit_message"
}

/**
 * Messages are stored as before there were other commands, and those so that tabs of the previous version, which can't
 * send them, find no message.
 * @param {string} key
 * @param {Unsent} item
 */
function write(key, item) {
  const { command, epoch, ...state } = item
  keep(key, JSON.stringify(isMessage(item) ? { ...state, ...item.command, type: undefined } : item))
}

/**
 * @param {string} key
 * @returns {Unsent | null} Null if another tab has removed it meanwhile, or if something else has written there.
 */
function read(key) {
  try {
    const { message, reply_to, command = messageOf(message, reply_to), ...state } = JSON.parse(kept(key) ?? "{}")
    return isCommand(command) && key.endsWith(`:${state.client_id}`) ? { ...state, command } : null
  } catch {
    return null
  }
}

/**
 * @param {unknown} message
 * @param {number} [reply_to]
 */
function messageOf(message, reply_to) {
  return reply_to ? { type: "text_message", message, reply_to } : { type: "text_message", message }
}

/** @type {{ [type: string]: (command: any) => boolean }} */
const CHECKS = {
  text_message: ({ message }) => typeof message === "string",
  edit_message: ({ target, rev, message }) => target > 0 && rev >= 0 && typeof message === "string",
  delete_message: ({ target }) => target > 0,
  react: ({ target, emoji }) => target > 0 && typeof emoji === "string",
}

/** @param {{ type: string }} command */
function isCommand(command) {
  return CHECKS[command.type]?.(command) ?? false
}
