// Parts of a page that it doesn't need to be shown: their modules are loaded after it.

import { attempt, report } from "./attempt.js"

/**
 * Has the part do something, once it is there, in the order asked.
 * @template Part
 * @typedef {(act: (part: Part) => void) => void} Later
 */

/**
 * Creates a part.
 * @template Part
 * @param {() => Promise<Part>} create Imports the part's module.
 * @returns {Later<Part>}
 */
export function later(create) {
  const created = create().catch(report)
  return act => void created.then(part => part && attempt(() => act(part)))
}
