// A new tab takes over the draft of one that is gone, with what it answers; and what pages of an earlier version stored.

import { keyOf } from "../shared/account.js"
import { pause } from "../shared/pause.js"
import { forget, keepInTab, kept, keptInTab, keysWith, rename } from "../shared/storage.js"
import { adoptOldKeys } from "./old-keys.js"

// After an update all tabs load at the same time, and for a moment those that are loading seem to be gone.
const LOADING = 3_000

/**
 * Drafts only if this tab has none by then.
 * @param {import("../pages/group-later.js").Context} context
 */
export async function adoptDraft({ account, user, group, tab, composer }) {
  const texts = keyOf(account, "draft", group, "")
  if (adoptOldKeys(account, user, tab.id)) {
    if (composer.isUntouched) composer.restore(kept(texts + tab.id) ?? "")
    // As if another tab had stored them: so the outbox looks again.
    dispatchEvent(new StorageEvent("storage"))
  }
  const targets = keyOf(account, "draft-reply", group, "")
  const isNew = isFirstVisit(keyOf(account, "visited", group))
  const others = [texts, targets].flatMap(idsAfter)
  if (others.length === 0 || !composer.isUntouched || (!isNew && isRestored())) return
  if (!isNew) await pause(LOADING)
  const gone = await tab.gone(others)
  const latest = gone.filter(id => kept(texts + id)).at(-1)
  // Of replies that nobody began to write.
  for (const id of gone) if (!kept(texts + id)) forget(targets + id)
  if (!latest || !composer.isUntouched) return
  for (const prefix of [texts, targets]) rename(prefix + latest, prefix + tab.id)
  composer.restore(kept(texts + tab.id) ?? "")
}

/**
 * Whether this tab shows the group for the first time.
 * @param {string} key
 */
function isFirstVisit(key) {
  return keptInTab(key) === null && keepInTab(key, "")
}

/**
 * Of the tabs that have stored something under such a key.
 * @param {string} prefix
 */
function idsAfter(prefix) {
  return keysWith(prefix).map(key => key.slice(prefix.length))
}

// A browser that was restarted restores its tabs one by one: those that are missing aren't gone.
function isRestored() {
  const [load] = performance.getEntriesByType("navigation")
  return load instanceof PerformanceNavigationTiming && load.type === "back_forward"
}
