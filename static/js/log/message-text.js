// A message's text as plain words.

import { renderBody } from "./body.js"
import { words } from "./excerpt.js"

/**
 * What a message says, without its markup.
 * @param {import("../connection/protocol.js").MessageText} message
 */
export function textOf({ content, body, mentions = [] }) {
  return body ? words(renderBody(body, mentions, "")) : content
}
