// Shows the sessions' times in the user's time zone. The page works without it.

import { localize } from "../shared/times.js"

localize(document)
