// Parts of a page that it doesn't need to be shown: their modules are loaded after it.

import { attempt, report } from "./attempt.js"
import { pause } from "./pause.js"

const [FIRST_PAUSE, LONGEST_PAUSE] = [1_000, 60_000]

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
  const created = load(create).catch(report)
  return act => void created.then(part => part && attempt(() => act(part)))
}

/**
 * @template Part
 * @param {() => Promise<Part>} create
 */
async function load(create) {
  for (let wait = FIRST_PAUSE; ; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
    try {
      return await create()
    } catch (error) {
      // All browsers' words for a module that did not come.
      if (!(error instanceof TypeError && /import/i.test(error.message))) throw error
    }
    await pause(wait)
  }
}
