// Shows times in the user's time zone, and selects the new link so that it can be copied. The pages work without it.

import { localize } from "../shared/times.js"

localize(document)
const link = document.querySelector("#link")
if (link instanceof HTMLTextAreaElement) {
  link.addEventListener("focus", () => link.select())
  if (document.activeElement === link) link.select()
}
