// The group page: creates its parts and connects them.

import { Composer } from "../composer/composer.js"
import { Draft } from "../composer/draft.js"
import { Outbox } from "../composer/outbox.js"
import { Pending } from "../composer/pending.js"
import { Reply } from "../composer/reply.js"
import { Sender } from "../composer/sender.js"
import { ConnectionStatus } from "../connection/connection-status.js"
import { Notices } from "../connection/notices.js"
import { Polling } from "../connection/polling.js"
import { isEntry } from "../connection/protocol.js"
import { Reload } from "../connection/reload.js"
import { Socket } from "../connection/socket.js"
import { Cursor } from "../log/cursor.js"
import { seqIn } from "../log/permalinks.js"
import { Places } from "../log/places.js"
import { Reacting } from "../log/reacting.js"
import { Reactions } from "../log/reactions.js"
import { LogView } from "../log/view.js"
import { isOf, keyOf } from "../shared/account.js"
import { attempt } from "../shared/attempt.js"
import { around, find } from "../shared/dom.js"
import { later } from "../shared/later.js"
import { isLasting } from "../shared/storage.js"
import { Tab } from "../shared/tab.js"
import { Title } from "../shared/title.js"
import { Badges } from "../unread/badges.js"
import { GroupUnread } from "../unread/group-unread.js"
import { Entries } from "./entries.js"
import { watchWidth } from "./panels.js"
import { hasChanges, isInUse } from "./settings.js"

const page = find(document, "#group")
const { user = "", group = "", socket: address = "", version = "" } = page.dataset
const { account = "" } = document.body.dataset
const isLive = "live" in page.dataset
/** @type {HTMLElement | null} Beside the log, on the page of the group's settings. */
const settings = page.querySelector(".chat-settings")

// Newcomers are welcomed once, not again after a reload.
if (location.search === "?welcome=1") history.replaceState(history.state, "", location.pathname)

const tab = new Tab()

const list = find(page, "#chat-log")
const kinds = String(list.dataset.kinds).split(" ")
const cursor = new Cursor(Number(page.dataset.last), timestampOf(page.dataset.last), list.dataset.epoch)
const outbox = new Outbox({ account, group, tab, epoch: list.dataset.epoch }, outboxChanged)
const reacting = new Reacting(new Reactions(user, address), outbox)
const here = { user, address }
const view = new LogView(page, { here, reacting, draw, outdated, explain: explainHere })
const announcer = later(async () => {
  const { Announcer } = await import("../log/announcer.js")
  return new Announcer(find(page, "#announcer"), user)
})
const places = new Places(view, keyOf(account, "place", group))
const members = later(async () => {
  const { Members } = await import("../log/members.js")
  return new Members(find(page, "#members"), document.querySelectorAll(".panel-member-count"), user)
})
const title = attempt(() => new Title())
const badges = new Badges(page, totals => attempt(() => title?.count(totals)))
const sidebar = later(async () => {
  const { Sidebar } = await import("./sidebar.js")
  return new Sidebar(find(page, "#sidebar"), user, uuid => uuid !== group && badges.added(uuid))
})
const notices = new Notices(page)
const connectionStatus = new ConnectionStatus(find(page, "#state"))
const pending = new Pending(find(page, "#pending"), outbox)
const polling = new Polling(address, { user, account })
const listener = { query: () => cursor.query, isOurs, received, changed }
const socket = new Socket(address, listener, () => polling.ask(), polling)
const unread = new GroupUnread(page, { user, group, view, socket, polling, badges })
const sender = new Sender(outbox, socket, user, keyOf(account, "sender", group))
/** The last entry whose row is shown, if it has one. */
let drawn = cursor.seq
const form = find(page, "#composer", HTMLFormElement)
const draft = new Draft(tab, account, group)
const reply = new Reply(form, draft)
const composer = new Composer(form, draft, reply, write)
const reload = new Reload(settings ? `${address}settings/` : address, version, isQuiet, place)
const groupChanges = later(async () => {
  const { GroupChanges } = await import("../log/group-changes.js")
  const { ReadOnly } = await import("../composer/read-only.js")
  const renamed = (/** @type {string} */ before, /** @type {string} */ name) => title?.rename(before, name)
  return new GroupChanges(page, user, new ReadOnly(page, form, user), renamed, () => reload.soon())
})
const parts = { view, unread, members, groupChanges, announcer, pending, reply }
const laterParts = later(async () => {
  const { LaterParts, loadMarkup } = await import("./group-later.js")
  await loadMarkup(String(page.dataset.parts))
  const here = { page, list, user, account, group, address, tab }
  const parts = { view, outbox, reacting, composer, reply, unread, socket, polling, explain: explainHere }
  return new LaterParts({ ...here, ...parts })
})
const entries = new Entries(parts, { user, kinds, isOnSettings: settings !== null, outdated: () => reload.soon() })

open()

function open() {
  attempt(watchWidth)
  const scroller = find(page, ".scroller")
  const last = places.last
  view.start(last)
  places.start(scroller)
  if (!last && !seqIn(location.hash) && !page.dataset.at && !settings) attempt(() => composer.focusFirst())
  list.addEventListener("click", react)
  addEventListener("beforeunload", event => isLasting() || event.preventDefault())
  if (!isLive) return
  connectionStatus.reached(cursor.seq)
  outboxChanged()
  socket.start()
  unread.start(scroller, form)
}

/** @param {import("../connection/protocol.js").Ready} ready */
function isOurs(ready) {
  return isOf(ready, account, user)
}

/** @param {import("../connection/protocol.js").Received[]} objects */
function received(objects) {
  // After a gap, the rest of this message is useless.
  objects.every(receive)
  view.drawSoon()
}

/** @param {() => import("../connection/protocol.js").Entry | undefined} next */
function draw(next) {
  for (let entry = next(); entry; entry = next()) {
    const shown = entry
    attempt(() => entries.show(shown))
    sidebar(each => each.entered(group, shown))
    drawn = shown.seq
  }
  outbox.settle(drawn)
  showPending()
  connectionStatus.reached(drawn)
}

/**
 * Returns false if what follows is useless. Objects of other types are for later versions of this page.
 * @param {import("../connection/protocol.js").Received} object
 */
function receive(object) {
  if (isEntry(object)) return follow(object)
  if (object.type === "ready") return ready(object)
  if (object.type === "reset") return reset()
  if (object.type === "unread") attempt(() => counted(object))
  if (object.type === "group" || object.type === "group_gone") attempt(() => listed(object))
  if (object.type === "ack") sender.acknowledged(object)
  if (object.type === "error") sender.refused(object)
  return true
}

/** @param {import("../connection/protocol.js").Ready} object */
function ready(object) {
  const { seq, epoch, version } = object
  if (!cursor.isIn(epoch)) return reset()
  attempt(() => {
    const isLate = badges.ready(object)
    unread.ready(object)
    sidebar(each => each.connected(isLate))
  })
  notices.clear()
  connectionStatus.ready(seq)
  sender.ready()
  reload.forVersion(version)
  return true
}

// The missing entries can't be fetched from here. Further ones would find a gap and reset again, which would restart
// the reload each time.
function reset() {
  leave(() => reload.now())
  return false
}

// Found while loading another part of the log.
function outdated() {
  leave(() => reload.inPlace())
}

// Drafts are in storage already, unless it is full; changed settings are not.
/** @param {() => void} load */
function leave(load) {
  const isSaved = isLasting() && !(settings && isInUse(settings))
  socket.stop(isSaved ? "stopped" : "outdated")
  if (isSaved) load()
}

/** @param {import("../connection/protocol.js").Entry} entry */
function follow(entry) {
  if (cursor.isBefore(entry)) {
    // On reconnecting, the server reads on from the last entry.
    socket.renew()
    return false
  }
  if (cursor.advance(entry)) {
    unread.follow(entry)
    view.add(entry)
  }
  return true
}

/** @param {import("../connection/protocol.js").Group | import("../connection/protocol.js").GroupGone} object */
function listed(object) {
  sidebar(each => each.follow(object))
  if (object.type === "group_gone") return badges.left(object.group_uuid)
  if (object.group_uuid !== group) return
  if (object.ended) groupChanges(each => each.end())
  unread.preferencesChanged(object)
}

/** @param {import("../connection/protocol.js").Unread} object */
function counted(object) {
  const isMore = object.group_uuid !== group && badges.changed(object)
  sidebar(each => each.counted(object, isMore))
  if (object.group_uuid !== group) return
  unread.counted(object)
}

/** @param {string | undefined} seq */
function timestampOf(seq) {
  return list.querySelector(`[data-seq="${seq}"] time`)?.getAttribute("datetime") ?? undefined
}

// A reload would lose what is stored in memory only, and the place of a user who is reading further up.
function isQuiet() {
  if (settings && isInUse(settings)) return false
  if (hasChanges(find(page, "#my-groups"))) return false
  if (document.activeElement?.matches(".editor-field")) return false
  return composer.isQuiet && isLasting() && (view.isAtNewest || document.hidden)
}

// The page around what is being read, with what is answered, which belongs to the draft.
function place() {
  const query = new URLSearchParams()
  const kept = places.keep()
  if (kept) query.set("at", String(kept.seq))
  if (reply.seq) query.set("reply", String(reply.seq))
  return `${query}` && `?${query}`
}

/** @param {import("../connection/socket.js").Status} status */
function changed(status) {
  connectionStatus.changed(status)
  if (status !== "open" && status !== "polling") sender.lost()
  notices.show(status, !composer.isEmpty || outbox.waiting.length > 0)
  find(page, "#sockets-fail").hidden = status !== "polling"
}

/** @param {string} text */
function write(text) {
  const reply_to = reply.take()
  outbox.add({ type: "text_message", message: text, ...(reply_to && { reply_to }) })
  view.newLine.remove()
  if (isLive) view.toNewest()
  // A page of a conversation is not live: the group's page sends it.
  else location.assign(address)
}

function outboxChanged() {
  if (!isLive) return
  view.change(() => {
    showPending()
    reacting.show()
  })
  connectionStatus.waiting(outbox.waiting)
  laterParts(each => each.outboxChanged())
  sender.send()
}

function showPending() {
  attempt(() => pending.show(drawn, view.log.continues(user, new Date())))
}

/** @param {MouseEvent} event On a page that is not live, or no longer, the button submits its form. */
function react(event) {
  const chip = around(event, "button.reaction:not([aria-disabled])")
  if (!chip || !isLive || socket.hasEnded) return
  event.preventDefault()
  view.change(() => reacting.press(chip))
}

/** @param {string} text */
function explainHere(text) {
  find(page, "#log-refused").textContent = text
}
