// Changing messages that wait in the outbox, in their rows below the log. They aren't sent meanwhile, and what is typed is
// in the outbox with each key.

import { around, find } from "../shared/dom.js"
import { Editor } from "./editor.js"

const ON_ITS_WAY = "This message is already on its way. You can edit it once it's in the log."
const LEFT = "You edited this message but didn't send it."
const LEFT_WITH_PAGE = "You were editing this when the page closed."
const ABSENCE = 3_000 // milliseconds
const BLANK = "A message can't be empty. Choose Discard if you don't want to send it."

/** @typedef {import("../pages/group-later.js").Context} Context */
/** @typedef {import("../composer/outbox.js").Unsent<import("../connection/protocol.js").SendMessage>} Message */

export class Unsent {
  #context
  #list
  #limit
  /** @type {Map<string, Editor>} */
  #editors = new Map()

  /** @param {Context} context */
  constructor(context) {
    this.#context = context
    this.#list = find(context.page, "#pending")
    this.#limit = Number(find(context.page, "#chat-message-input").dataset.limit)
    this.#list.addEventListener("click", event => {
      const id = around(event, "button[value=edit]")?.closest("[data-client-id]")?.getAttribute("data-client-id")
      if (id) this.open(id)
    })
    refuseLeft(context, id => this.#editors.has(id))
  }

  /**
   * Changes it, if the server can't have it yet.
   * @param {string} id
   */
  open(id) {
    const { outbox, explain, view } = this.#context
    const editor = this.#editors.get(id)
    if (editor) return editor.focus()
    const item = outbox.messages.find(({ client_id }) => client_id === id)
    const row = this.#rowOf(id)
    if (!item || !row || !outbox.hold(id)) return explain(ON_ITS_WAY)
    explain("")
    view.change(() => this.#begin(row, item))
    this.#editors.get(id)?.focus()
  }

  /** Another tab may have begun to change a message that is being changed here, with what was typed here. */
  follow() {
    const { outbox, tab } = this.#context
    for (const [id, editor] of this.#editors) {
      const item = outbox.messages.find(({ client_id }) => client_id === id)
      if (item?.heldBy !== tab.id) this.#end(id, editor)
    }
  }

  /**
   * @param {HTMLElement} row
   * @param {Message} item
   */
  #begin(row, item) {
    const { client_id: id, command } = item
    const act = (/** @type {import("./editor.js").Way} */ way) => this.#act(way, item)
    const editor = new Editor(row, { text: command.message, limit: this.#limit, act, typed: () => this.#keep(id) })
    this.#editors.set(id, editor)
    editor.show("unsent")
  }

  /** @param {string} id */
  #keep(id) {
    const text = this.#editors.get(id)?.text ?? ""
    if (text.trim()) this.#context.outbox.rewrite(id, text)
  }

  /**
   * @param {import("./editor.js").Way} way
   * @param {Message} item As it was before.
   */
  #act(way, item) {
    const editor = this.#editors.get(item.client_id)
    if (!editor) return
    if (way === "save") this.#send(item.client_id, editor)
    if (way === "close") this.#close(item, editor)
    if (way === "discard") {
      this.#end(item.client_id, editor)
      this.#context.outbox.discard(item.client_id)
    }
  }

  /**
   * @param {string} id
   * @param {Editor} editor
   */
  #send(id, editor) {
    const { outbox, view } = this.#context
    if (editor.isTooLong) return editor.focus()
    if (!editor.text.trim()) return view.change(() => editor.show("unsent", BLANK))
    outbox.rewrite(id, editor.text)
    this.#end(id, editor)
    outbox.release(id)
  }

  /**
   * What was changed isn't sent before somebody says so.
   * @param {Message} item
   * @param {Editor} editor
   */
  #close({ client_id: id, command, refusal }, editor) {
    const { outbox } = this.#context
    const isChanged = editor.text !== command.message
    this.#end(id, editor)
    if (isChanged || refusal) outbox.refuse(id, isChanged ? LEFT : String(refusal))
    outbox.release(id)
  }

  /**
   * @param {string} id
   * @param {Editor} editor
   */
  #end(id, editor) {
    const { view, page } = this.#context
    const { hasFocus } = editor
    this.#editors.delete(id)
    view.change(() => editor.remove())
    if (hasFocus) find(page, "#chat-message-input").focus({ preventScroll: true })
  }

  /**
   * @param {string} id
   * @returns {HTMLElement | null}
   */
  #rowOf(id) {
    return this.#list.querySelector(`[data-client-id="${CSS.escape(id)}"]`)
  }
}

/**
 * Refuses the messages that nobody is changing any more: what they were to become is not known. Of a tab that was closed,
 * it shows a moment later.
 * @param {Pick<Context, "outbox" | "tab">} context
 * @param {(id: string) => boolean} isOpen Whether it is being changed here again.
 * @param {string} [own] The id that this tab has kept across a reload.
 */
export async function refuseLeft({ outbox, tab }, isOpen, own = tab.id) {
  const held = outbox.messages.filter(({ heldBy }) => heldBy)
  if (held.length === 0) return
  setTimeout(() => refuseLeft({ outbox, tab }, isOpen, ""), ABSENCE)
  const gone = await tab.gone(held.map(({ heldBy = "" }) => heldBy))
  for (const { client_id: id, heldBy } of outbox.messages) {
    if (!heldBy || isOpen(id) || (heldBy !== own && !gone.includes(heldBy))) continue
    outbox.refuse(id, LEFT_WITH_PAGE)
    outbox.release(id)
  }
}
