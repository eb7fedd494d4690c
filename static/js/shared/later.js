// Parts of a page that it doesn't need to be shown: their modules are loaded after it.

import { attempt, report } from "./attempt.js"
import { untilDone } from "./pause.js"

/**
 * Has the part do something, once it is there, in the order asked.
 * @template Part
 * @typedef {(act: (part: Part) => void) => void} Later
 */

/**
 * Creates a part, as soon as its module can be loaded.
 * @template Part
 * @param {() => Promise<Part>} create Imports the part's module.
 * @returns {Later<Part>}
 */
export function later(create) {
  const created = untilDone(() => create().catch(nullIfUnloaded)).catch(report)
  return act => void created.then(part => part && attempt(() => act(part)))
}

/**
 * Null where the error says, in all browsers' words, that a module did not come.
 * @param {unknown} error
 */
function nullIfUnloaded(error) {
  if (error instanceof TypeError && /import/i.test(error.message)) return null
  throw error
}
