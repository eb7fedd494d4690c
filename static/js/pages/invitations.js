// Shows times in the user's time zone, selects the new link, and offers to copy and share it. The pages work without it.

import { find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { NewLink } from "./new-link.js"

localize(document)
const link = document.querySelector("#link")
if (link instanceof HTMLTextAreaElement) {
  link.addEventListener("focus", () => link.select())
  if (document.activeElement === link) link.select()
  new NewLink(link, find(document, "#link-ways"))
}
