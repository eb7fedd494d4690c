// The parts of a group's page that nobody needs in its first moment, loaded after it with their style sheets.

import { MessageMenu } from "../actions/message-menu.js"
import { Code } from "../code/code.js"
import { complete } from "../completion/complete.js"
import { adoptDraft } from "../composer/adoption.js"
import { FromElsewhere } from "../composer/from-elsewhere.js"
import { ReplyLine } from "../composer/reply-line.js"
import { EditLast } from "../editing/edit-last.js"
import { Editing } from "../editing/editing.js"
import { Unsent } from "../editing/unsent.js"
import { startEmojiButton } from "../emoji/composer-button.js"
import { renameDays } from "../log/day-names.js"
import { LogKeys } from "../log/keys.js"
import { fetchPage } from "../log/log-pages.js"
import { PendingChanges } from "../log/pending-changes.js"
import { holdLines } from "../log/run-lines.js"
import { Steady } from "../log/steady.js"
import { Reactors } from "../reactions/reactors.js"
import { attempt, report } from "../shared/attempt.js"
import { contentOf, find } from "../shared/dom.js"
import { untilDone } from "../shared/pause.js"

const MINUTE = 60_000
const NO_EMOJI = "The emoji couldn't be loaded. Check your connection and try again."

/** @typedef {Omit<import("../emoji/picker.js").Opening, "account">} Opening */
/**
 * The page and its parts.
 * @typedef {{
 *   page: HTMLElement,
 *   list: HTMLElement,
 *   user: string,
 *   account: string,
 *   group: string,
 *   address: string,
 *   tab: import("../shared/tab.js").Tab,
 *   view: import("../log/view.js").LogView,
 *   outbox: import("../composer/outbox.js").Outbox,
 *   reacting: import("../log/reacting.js").Reacting,
 *   composer: import("../composer/composer.js").Composer,
 *   reply: import("../composer/reply.js").Reply,
 *   unread: import("../unread/group-unread.js").GroupUnread,
 *   socket: import("../connection/socket.js").Socket,
 *   polling: import("../connection/polling.js").Polling,
 *   explain: (text: string) => void,
 * }} Context
 */

/**
 * Adds the markup that the parts clone. Asks until it has come, since none of them works without it.
 * @param {string} address
 */
export async function loadMarkup(address) {
  const templates = await untilDone(async () => {
    const markup = await fetchPage(address).catch(() => null)
    const found = markup?.querySelectorAll("template")
    return found?.length ? found : null
  })
  document.body.append(...templates)
}

export class LaterParts {
  /** @type {PendingChanges | undefined} */
  #pendingChanges
  /** @type {Unsent | undefined} */
  #unsent
  /** @type {MessageMenu | undefined} */
  #menu

  /** @param {Context} context */
  constructor(context) {
    const { page, list, view } = context
    const form = find(page, "#composer")
    const field = find(form, "textarea", HTMLTextAreaElement)
    const starts = [
      () => document.head.append(contentOf("later-styles")),
      () => startEmojiButton(form, opening => this.#pick(context, opening)),
      () => new LogKeys(list, find(page, ".scroller")),
      () => new Code(context),
      () => this.#startActions(context),
      () => new Steady(context, () => this.#menu?.row ?? editedRow()),
      () => adoptDraft(context).catch(report),
      () => new ReplyLine(context),
      () => new FromElsewhere(context),
      () => complete(field, { page, anchor: find(form, ".composer-box") }),
      () => holdLines(list, view),
      () => setInterval(() => renameDays(list), MINUTE),
      () => new Reactors(context),
    ]
    // One that fails stops no other.
    for (const start of starts) attempt(start)
  }

  /** What waits to be sent has changed. */
  outboxChanged() {
    this.#pendingChanges?.show()
    this.#unsent?.follow()
  }

  /** @param {Context} context */
  #startActions(context) {
    const editing = new Editing(context, (name, row) => this.#menu?.actions.run(name, row))
    const unsent = new Unsent(context)
    this.#unsent = unsent
    attempt(() => new EditLast(context, editing, unsent))
    this.#pendingChanges = attempt(() => new PendingChanges(context, editing))
    // Elsewhere nothing is sent: the "…" of a message leads to a page of its own, as without a script.
    if (!("live" in context.page.dataset)) return
    const pick = (/** @type {Opening} */ opening) => this.#pick(context, opening)
    this.#menu = attempt(() => new MessageMenu({ ...context, editing, pick }))
  }

  /**
   * The picker is loaded when it is first opened.
   * @param {Context} context
   * @param {Opening} opening
   */
  async #pick({ account, explain }, opening) {
    try {
      const { openPicker } = await import("../emoji/picker.js")
      openPicker({ ...opening, account })
    } catch (error) {
      report(error)
      explain(NO_EMOJI)
    }
  }
}

/** The one in which somebody is typing. */
function editedRow() {
  /** @type {HTMLElement | null | undefined} */
  const row = document.activeElement?.closest(".editor")?.closest("[data-seq]")
  return row ?? null
}
