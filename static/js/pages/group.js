// The group page: creates its parts and connects them.

import { Composer } from "../composer/composer.js"
import { Draft } from "../composer/draft.js"
import { adoptOldKeys } from "../composer/old-keys.js"
import { Outbox } from "../composer/outbox.js"
import { Pending } from "../composer/pending.js"
import { ReadOnly } from "../composer/read-only.js"
import { Reply } from "../composer/reply.js"
import { Sender } from "../composer/sender.js"
import { ConnectionStatus } from "../connection/connection-status.js"
import { Polling } from "../connection/polling.js"
import { isChange, isEntry } from "../connection/protocol.js"
import { Reload } from "../connection/reload.js"
import { Socket } from "../connection/socket.js"
import { Cursor } from "../log/cursor.js"
import { renameDays } from "../log/days.js"
import { GroupChanges } from "../log/group-changes.js"
import { Log } from "../log/log.js"
import { Members } from "../log/members.js"
import { OlderEntries } from "../log/older-entries.js"
import { Reacting } from "../log/reacting.js"
import { Reactions } from "../log/reactions.js"
import { Scroll } from "../log/scroll.js"
import { isOf, keyOf } from "../shared/account.js"
import { attempt } from "../shared/attempt.js"
import { around, find } from "../shared/dom.js"
import { isLasting } from "../shared/storage.js"
import { Tab } from "../shared/tab.js"
import { Title } from "../shared/title.js"
import { Badges } from "../unread/badges.js"
import { Marks } from "../unread/marks.js"
import { countedIn, Reading } from "../unread/reading.js"
import { hasChanges, isInUse } from "./settings.js"
import { Sidebar } from "./sidebar.js"

const MINUTE = 60_000
/** @type {{ [status: string]: string }} */
const NOTICES = {
  "signed-out": "#session-ended",
  "not-member": "#membership-ended",
  gone: "#group-ended",
  ended: "#connection-ended",
  outdated: "#page-outdated",
}

const page = find(document, "#group")
const { user = "", group = "", socket: address = "", version = "" } = page.dataset
const { account = "" } = document.body.dataset
const isLive = "live" in page.dataset
/** @type {HTMLElement | null} Beside the log, on the page of the group's settings. */
const settings = page.querySelector(".chat-settings")

// Newcomers are welcomed once, not again after a reload.
if (location.search === "?welcome=1") history.replaceState(history.state, "", location.pathname)

const tab = new Tab()
adoptOldKeys(account, user, tab.id)

const list = find(page, "#chat-log")
const kinds = String(list.dataset.kinds).split(" ")
const cursor = new Cursor(Number(page.dataset.last), timestampOf(page.dataset.last), list.dataset.epoch)
const reacting = new Reacting(new Reactions(user, address), sendReaction, explainReaction)
const log = new Log(list, { user, address }, reacting)
const scroll = new Scroll(find(page, ".scroller"), find(page, "#newest"))
const memberCounts = document.querySelectorAll(".panel-member-count")
const members = new Members(find(page, "#members"), memberCounts, user)
const badges = new Badges(page)
const sidebar = new Sidebar(find(page, "#sidebar"), user)
const reading = new Reading(user, countedIn(page.dataset))
const connectionStatus = new ConnectionStatus(find(page, "#state"))
const outbox = new Outbox(account, group, outboxChanged)
const pending = new Pending(find(page, "#pending"), outbox)
const polling = new Polling(address, { user, account })
const listener = { query: () => cursor.query, isOurs, received, changed }
const socket = new Socket(address, listener, () => polling.ask(), polling)
const marks = new Marks({ reading, scroll, socket, polling, show: numbers => badges.show(group, numbers) })
const sender = new Sender(outbox, socket, user, keyOf(account, "sender", group))
const title = attempt(() => new Title(account))
const form = find(page, "#composer", HTMLFormElement)
const reply = new Reply(form)
const composer = new Composer(form, new Draft(tab, account, group), write)
const reload = new Reload(settings ? `${address}settings/` : address, version, isQuiet, place)
const readOnly = new ReadOnly(page, form, user)
const groupChanges = new GroupChanges(
  page,
  user,
  readOnly,
  (before, name) => title?.rename(before, name),
  () => reload.soon(),
)

open()

function open() {
  attempt(loadOlder)
  attempt(watchWidth)
  setInterval(() => renameDays(list), MINUTE)
  addEventListener("hashchange", pointOut)
  list.addEventListener("click", react)
  addEventListener("beforeunload", event => isLasting() || event.preventDefault())
  attempt(pointOut)
  if (!isLive) return
  connectionStatus.reached(cursor.seq)
  outboxChanged()
  socket.start()
  marks.start(find(page, ".scroller"), form)
}

/** @param {import("../connection/protocol.js").Ready} ready */
function isOurs(ready) {
  return isOf(ready, account, user)
}

/** @param {import("../connection/protocol.js").Received[]} objects */
function received(objects) {
  const before = log.appended
  scroll.keep(() => {
    // After a gap, the rest of this message is useless.
    objects.every(receive)
    if (log.appended > before) page.querySelector(".scroller-silence")?.remove()
    outbox.settle(cursor.seq)
    reacting.settle(cursor.seq)
    showPending()
    return log.appended - before
  })
  connectionStatus.reached(cursor.seq)
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
  // Each knows its own commands by their ids.
  if (object.type === "ack") for (const each of [sender, reacting]) each.acknowledged(object)
  if (object.type === "error") for (const each of [sender, reacting]) each.refused(object)
  return true
}

/** @param {import("../connection/protocol.js").Ready} object */
function ready(object) {
  const { seq, epoch, version } = object
  if (!cursor.isIn(epoch)) return reset()
  attempt(() => {
    badges.ready(object)
    reading.ready(object, group)
  })
  for (const notice of Object.values(NOTICES)) find(page, notice).hidden = true
  connectionStatus.ready(seq)
  sender.ready()
  reacting.resume()
  reload.forVersion(version)
  return true
}

// The missing entries can't be fetched from here. Further ones would find a gap and reset again, which would restart
// the reload each time.
function reset() {
  leave(() => reload.now())
  return false
}

// Found while reading further up, which goes on there.
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
    attempt(() => show(entry))
    reading.follow(entry)
  }
  return true
}

/** @param {import("../connection/protocol.js").Group | import("../connection/protocol.js").GroupGone} object */
function listed(object) {
  sidebar.follow(object)
  if (object.group_uuid !== group) badges.added(object.group_uuid)
  else if (object.type === "group" && object.ended) readOnly.end()
}

/** @param {import("../connection/protocol.js").Unread} object */
function counted(object) {
  if (object.group_uuid !== group) return badges.changed(object)
  reading.changed(object)
  marks.mark()
}

/**
 * Shows the entry. Entries of other types have no row, neither in this page nor in one that is loaded now.
 * @param {import("../connection/protocol.js").Entry} entry
 */
function show(entry) {
  if (entry.type === "text_message") {
    if (entry.author === user) attempt(() => pending.arrived(entry.content))
    else attempt(() => title?.count())
    log.append(entry)
  }
  if (entry.type === "event_message" && kinds.includes(entry.status)) {
    attempt(() => members.follow(entry))
    log.append(entry)
  }
  if (entry.type === "group_changed") {
    log.append(entry)
    attempt(() => groupChanges.follow(entry))
    if (settings) reload.soon()
  }
  if (isChange(entry)) change(entry)
  if (entry.type === "unknown" && kinds.includes(entry.kind)) reload.soon()
}

/** @param {import("../connection/protocol.js").Change} entry */
function change(entry) {
  log.change(entry)
  if (entry.type === "message_deleted" && log.authorOf(entry.target) === user) composer.forgetSent()
  attempt(() => reply.follow(entry))
}

/** @param {string | undefined} seq */
function timestampOf(seq) {
  return list.querySelector(`[data-seq="${seq}"] time`)?.getAttribute("datetime") ?? undefined
}

// A reload would lose what is stored in memory only, and the place of a user who is reading further up.
function isQuiet() {
  if (settings && isInUse(settings)) return false
  if (hasChanges(find(page, "#my-groups"))) return false
  return composer.isQuiet && isLasting() && (scroll.isAtEnd || document.hidden)
}

// With what is answered, which belongs to the draft.
function place() {
  const query = new URLSearchParams()
  if (!scroll.isAtEnd) query.set("at", String(scroll.first))
  if (reply.seq) query.set("reply", String(reply.seq))
  return `${query}` && `?${query}`
}

/** @param {import("../connection/socket.js").Status} status */
function changed(status) {
  connectionStatus.changed(status)
  if (status !== "open" && status !== "polling") sender.lost()
  if (socket.hasEnded) reacting.giveUp()
  if (status in NOTICES) explain(find(page, NOTICES[status]))
  find(page, "#sockets-fail").hidden = status !== "polling"
}

/** @param {HTMLElement} notice Of the end. It mentions what was written and not sent, if anything. */
function explain(notice) {
  /** @type {HTMLElement | null} */
  const draft = notice.querySelector(".chat-draft")
  if (draft) draft.hidden = composer.isEmpty && outbox.waiting.length === 0
  notice.hidden = false
}

/** @param {string} text */
function write(text) {
  outbox.add(text, reply.take())
  if (isLive) scroll.toEnd()
  // A page of older messages is not live: the page of the latest ones sends it.
  else location.assign(address)
}

function outboxChanged() {
  if (!isLive) return
  scroll.keep(showPending)
  connectionStatus.waiting(outbox.waiting.map(({ client_id }) => client_id))
  sender.send()
}

function showPending() {
  attempt(() => pending.show(cursor.seq, log.continues(user, new Date())))
}

function loadOlder() {
  const link = page.querySelector("#earlier")
  if (link instanceof HTMLAnchorElement) new OlderEntries(link, find(page, ".scroller"), log, outdated)
}

/** @param {MouseEvent} event On a page that is not live, or no longer, the button submits its form. */
function react(event) {
  const chip = around(event, "button.reaction")
  if (!chip || !isLive || socket.hasEnded) return
  event.preventDefault()
  scroll.keep(() => reacting.press(chip))
}

/** @param {import("../connection/protocol.js").React} command */
function sendReaction(command) {
  if (socket.isOpen) socket.send(command)
}

/** @param {string} text */
function explainReaction(text) {
  find(page, "#reaction-refused").textContent = text
}

// A link to an entry that is not on this page leads to the page around it.
function pointOut() {
  const seq = location.hash.match(/^#seq-(\d+)$/)?.[1] ?? page.dataset.at
  if (!seq) {
    if (!settings) composer.focus()
    return
  }
  const row = document.getElementById(`seq-${seq}`)
  if (row) row.scrollIntoView({ block: "center" })
  else if (seq !== page.dataset.at) location.replace(`?at=${seq}#seq-${seq}`)
}

function watchWidth() {
  matchMedia("(width >= 640px)").addEventListener("change", foldPanels)
  matchMedia("(width >= 900px)").addEventListener("change", foldPanels)
}

// Panels that cover the page are closed in the wide layout. Firefox before 125 has no popovers: there none covers it.
function foldPanels() {
  /** @type {NodeListOf<HTMLElement>} */
  const panels = document.querySelectorAll(".panel")
  for (const panel of panels) panel.togglePopover?.(false)
}
