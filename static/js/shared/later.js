// Parts of a page that it doesn't need to be shown: their modules are loaded after it.

import { attempt, report } from "./attempt.js"

/**
 * Creates a part, and returns what has it do something, once it is there, in the order asked.
 * @template Part
 * @param {() => Promise<Part>} create Imports the part's module.
 * @returns {(act: (part: Part) => void) => void}
 */
export function later(create) {
  const created = create().catch(report)
  return act => void created.then(part => part && attempt(() => act(part)))
}
