// The directory and previews: times in the user's time zone. The tab's draft stays in the tab.

import { renameDays } from "../log/day-names.js"
import { Tab } from "../shared/tab.js"
import { localize } from "../shared/times.js"

export const tab = new Tab()
localize(document)
const log = document.querySelector("#preview")
if (log instanceof HTMLElement) renameDays(log)
