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
import { noteUsed, recent } from "../emoji/recent.js"
import { renameDays } from "../log/day-names.js"
import { LogKeys } from "../log/keys.js"
import { PendingChanges } from "../log/pending-changes.js"
import { holdLines } from "../log/run-lines.js"
import { Reactors } from "../reactions/reactors.js"
import { attempt, report } from "../shared/attempt.js"
import { contentOf, find } from "../shared/dom.js"

const MINUTE = 60_000

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

export class LaterParts {
  #pendingChanges
  /** @type {MessageMenu | undefined} */
  #menu

  /** @param {Context} context */
  constructor(context) {
    const { page, list, view, account } = context
    document.head.append(contentOf("later-styles"))
    attempt(() => startEmojiButton(find(page, "#composer"), account))
    new LogKeys(list, find(page, ".scroller"))
    new Code(context)
    const editing = new Editing(context, (name, row) => this.#menu?.actions.run(name, row))
    new EditLast(context, editing, new Unsent(context))
    this.#pendingChanges = new PendingChanges(context, editing)
    // Elsewhere nothing is sent: the "…" of a message leads to a page of its own, as without a script.
    if ("live" in page.dataset) this.#menu = new MessageMenu({ ...context, editing, emoji: EMOJI })
    adoptDraft(context).catch(report)
    new ReplyLine(context)
    new FromElsewhere(context)
    const form = find(page, "#composer")
    complete(find(form, "textarea", HTMLTextAreaElement), { page, anchor: find(form, ".composer-box") })
    holdLines(list, view)
    setInterval(() => renameDays(list), MINUTE)
    new Reactors(context)
  }

  /** What waits to be sent has changed. */
  outboxChanged() {
    this.#pendingChanges.show()
  }
}

// The picker is loaded when it is first opened.
const EMOJI = {
  recent,
  noteUsed,
  pick: async (/** @type {import("../emoji/picker.js").Opening} */ opening) => {
    const { openPicker } = await import("../emoji/picker.js")
    openPicker(opening)
  },
}
