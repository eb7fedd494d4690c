// What pages stored before accounts had ids: "discussit:outbox:<user>:<group>:…" and "discussit:draft:<user>:<group>".
//
// Whose is it, if names can pass to another account? It belongs to the account that has the name when the first
// page with these scripts is loaded in this browser, and only ever to that one. That account goes on adopting, since old pages
// that are still open during an update go on storing there.

import { keyOf } from "../shared/account.js"
import { newId } from "../shared/ids.js"
import { forget, forgetInTab, keep, kept, keptInTab, keysWith, rename } from "../shared/storage.js"

/**
 * Returns whether there was anything.
 * @param {string} account
 * @param {string} user
 * @param {string} tab The id of this tab.
 */
export function adoptOldKeys(account, user, tab) {
  const owner = `discussit:owner:${user}`
  if (kept(owner) === null) keep(owner, account)
  if (kept(owner) !== account) return false
  const [messages, drafts] = [`discussit:outbox:${user}:`, `discussit:draft:${user}:`]
  const [oldMessages, oldDrafts] = [keysWith(messages), keysWith(drafts)]
  for (const key of oldMessages) rename(key, keyOf(account, "outbox", key.slice(messages.length)))
  for (const key of oldDrafts) adoptDraft(key, keyOf(account, "draft", key.slice(drafts.length), ""), tab)
  return oldMessages.length + oldDrafts.length > 0
}

/**
 * An old tab's own draft becomes that of this tab, unless it has one by now. The latest of all tabs may be another's: the
 * next new tab shows it.
 * @param {string} key
 * @param {string} prefix
 * @param {string} tab
 */
function adoptDraft(key, prefix, tab) {
  const own = keptInTab(key)
  forgetInTab(key)
  const latest = kept(key)
  forget(key)
  if (own) keep(prefix + (kept(prefix + tab) ? newId() : tab), own)
  if (latest && latest !== own) keep(prefix + newId(), latest)
}
