// Keeps the tab's draft in the tab while this page is open in it. The page works without it.

import { Tab } from "../shared/tab.js"

export const tab = new Tab()
