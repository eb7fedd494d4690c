// The pages of one message: times in the user's time zone, links, and the tab's draft. They work without it.

import { linkify } from "../shared/linkify.js"
import { Tab } from "../shared/tab.js"
import { localize } from "../shared/times.js"

// Keeps the tab's draft in the tab while this page is open in it.
export const tab = new Tab()

localize(document)
/** @type {NodeListOf<HTMLElement>} */
const texts = document.querySelectorAll(".entry-text, .message-source, .message-source > *")
for (const text of texts) linkify(text)
