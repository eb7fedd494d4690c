// Addresses of places in the log.

import { around } from "../shared/dom.js"

/**
 * The entry to which an address leads by its fragment.
 * @param {string} hash
 */
export function seqIn(hash) {
  return Number(hash.match(/^#seq-(\d+)$/)?.[1]) || undefined
}

/**
 * Where in this group's log a link leads that is followed here: to an entry, or to the first unread message. Null if it
 * leads elsewhere, or is opened in a tab of its own.
 * @param {MouseEvent} event
 * @param {string} address Of the group.
 */
export function placeIn(event, address) {
  const link = around(event, "a[href]", HTMLAnchorElement)
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return null
  if (link.origin !== location.origin || link.pathname !== address) return null
  const seq = seqIn(link.hash)
  const unread = link.hash === "#unread-line" ? Number(new URLSearchParams(link.search).get("at")) : 0
  return seq || unread ? { seq, unread } : null
}
