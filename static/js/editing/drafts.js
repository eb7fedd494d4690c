// Edits that were begun and not saved: one for each message, which all tabs of the account share. What was typed last
// is valid.

import { keyOf } from "../shared/account.js"
import { forget, forgetHere, keep, keepInTab, kept, keptInTab, keysWith } from "../shared/storage.js"

const ANOTHER_LOG = -1 // as a `rev`: before every text of this log

/** @typedef {{ text: string, rev: number }} EditDraft What was typed, and the `rev` of the text that it is made of. */

export class EditDrafts {
  #prefix
  #open
  #epoch
  /** @type {Set<number>} */
  #seqs

  /**
   * @param {string} account
   * @param {string} group
   * @param {string} [epoch] Of the group's log.
   */
  constructor(account, group, epoch) {
    this.#prefix = keyOf(account, "edit", group, "")
    this.#open = keyOf(account, "editing", group)
    this.#epoch = epoch
    this.#seqs = new Set(
      keysWith(this.#prefix)
        .filter(key => read(kept(key)))
        .map(key => this.#seqOf(key)),
    )
  }

  /** The messages that have one. */
  get seqs() {
    return [...this.#seqs]
  }

  /** @param {number} seq */
  has(seq) {
    return this.#seqs.has(seq)
  }

  /**
   * Of an older copy of the log, which may have another message there, it is made of no text of this one.
   * @param {number} seq
   * @returns {EditDraft | null}
   */
  of(seq) {
    const draft = this.has(seq) ? read(kept(this.#keyOf(seq))) : null
    if (!draft) return null
    const { text, rev, epoch = this.#epoch } = draft
    return { text, rev: epoch === this.#epoch ? rev : ANOTHER_LOG }
  }

  /**
   * Keeps it as one that is open in this tab, so that it is opened again after a reload.
   * @param {number} seq
   * @param {EditDraft} draft
   */
  keep(seq, draft) {
    this.#seqs.add(seq)
    keep(this.#keyOf(seq), JSON.stringify({ ...draft, epoch: this.#epoch }))
    this.#setOpen(seq, true)
  }

  /** @param {number} seq */
  forget(seq) {
    this.#setOpen(seq, false)
    if (!this.has(seq)) return
    this.#seqs.delete(seq)
    forget(this.#keyOf(seq))
  }

  /**
   * Whether it was open in this tab when that was left.
   * @param {number} seq
   */
  isOpen(seq) {
    return this.has(seq) && this.#opened.includes(seq)
  }

  /** @param {number} seq */
  close(seq) {
    this.#setOpen(seq, false)
  }

  /**
   * Calls `changed(seq, before)` when another tab has changed a draft, with its text before; without a seq, it may
   * have been any.
   * @param {(seq: number, before?: string) => void} changed
   */
  follow(changed) {
    addEventListener("storage", ({ key, oldValue, newValue }) => {
      if (!key?.startsWith(this.#prefix)) return
      const seq = this.#seqOf(key)
      forgetHere(key)
      if (newValue === null) this.#seqs.delete(seq)
      else this.#seqs.add(seq)
      changed(seq, read(oldValue)?.text)
    })
  }

  /** @returns {number[]} */
  get #opened() {
    const opened = parsed(keptInTab(this.#open))
    return Array.isArray(opened) ? opened : []
  }

  /**
   * @param {number} seq
   * @param {boolean} isOpen
   */
  #setOpen(seq, isOpen) {
    const opened = this.#opened
    if (opened.includes(seq) === isOpen) return
    keepInTab(this.#open, JSON.stringify(isOpen ? [...opened, seq] : opened.filter(each => each !== seq)))
  }

  /** @param {number} seq */
  #keyOf(seq) {
    return `${this.#prefix}${seq}`
  }

  /** @param {string} key */
  #seqOf(key) {
    return Number(key.slice(this.#prefix.length))
  }
}

/**
 * @param {string | null} stored
 * @returns {EditDraft & { epoch?: string } | null} Null if something else has written there.
 */
function read(stored) {
  const { text, rev, epoch } = parsed(stored) ?? {}
  return typeof text === "string" && typeof rev === "number" ? { text, rev, epoch } : null
}

/** @param {string | null} stored */
function parsed(stored) {
  try {
    return JSON.parse(String(stored))
  } catch {
    return null
  }
}
