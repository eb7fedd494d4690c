// The sessions' times in the reader's own words. The page works without this.

import { localize } from "../shared/times.js"

localize(document)
