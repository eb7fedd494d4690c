// Parts of a page that it doesn't need to be shown: their modules are loaded after it.

import { attempt } from "./attempt.js"

/**
 * Creates a part, and returns what has it do something, once it is there, in the order asked.
 * @template Part
 * @param {() => Promise<Part>} create Imports the part's module.
 * @returns {(act: (part: Part) => void) => void}
 */
export function later(create) {
  const created = create().catch(error => void attempt(() => raise(error)))
  return act => void created.then(part => part && attempt(() => act(part)))
}

/**
 * @param {unknown} error
 * @returns {never}
 */
function raise(error) {
  throw error
}
