// The group page: who listens to whom.

import { Composer } from "./composer.js"
import { renameDays } from "./days.js"
import { find } from "./dom.js"
import { Draft } from "./draft.js"
import { History } from "./history.js"
import { Log } from "./log.js"
import { Members } from "./members.js"
import { Outbox } from "./outbox.js"
import { Pending } from "./pending.js"
import { Sender } from "./sender.js"
import { Socket } from "./socket.js"
import { State } from "./state.js"
import { Title } from "./title.js"
import { View } from "./view.js"

const MINUTE = 60_000
/** @type {{ [status: string]: string }} */
const NOTICES = { "signed-out": "#session-ended", "not-member": "#membership-ended", gone: "#group-ended" }

const page = find(document, "#group")
const { user = "", group = "", socket: address = "" } = page.dataset
const isLive = "live" in page.dataset

const list = find(page, "#chat-log")
const log = new Log(list, Number(page.dataset.last))
const view = new View(find(page, ".scroller"), find(page, "#newest"))
const members = new Members(find(page, "#members"), document.querySelectorAll(".member-count"))
const state = new State(find(page, "#state"), log.last)
const outbox = new Outbox(user, group, outboxChanged)
const pending = new Pending(find(page, "#pending"), outbox)
const socket = new Socket(address, { query: () => `?since=${log.last}`, received, changed })
const sender = new Sender(outbox, socket, `discussit:sender:${user}:${group}`)
const title = new Title()
const composer = new Composer(find(page, "#composer", HTMLFormElement), new Draft(user, group), write)

open()

function open() {
  const earlier = page.querySelector("#earlier")
  if (earlier instanceof HTMLAnchorElement) new History(earlier, find(page, ".scroller"), log)
  setInterval(() => renameDays(list), MINUTE)
  matchMedia("(width >= 640px)").addEventListener("change", foldPanels)
  matchMedia("(width >= 900px)").addEventListener("change", foldPanels)
  addEventListener("hashchange", pointOut)
  pointOut()
  if (!isLive) return
  state.reached(log.last)
  outboxChanged()
  socket.start()
}

/** @param {import("./protocol.js").Received[]} objects */
function received(objects) {
  const before = log.last
  view.keep(() => {
    // A gap makes what follows it in this frame worthless too.
    objects.every(receive)
    if (log.last > before) page.querySelector(".silence")?.remove()
    outbox.settle(log.last)
    showPending()
    return log.last - before
  })
  state.reached(log.last)
}

/**
 * False where entries are missing before this one.
 * @param {import("./protocol.js").Received} object
 */
function receive(object) {
  switch (object.type) {
    case "ready":
      state.ready(object.seq)
      sender.ready()
      break
    case "text_message":
      if (object.author === user && object.seq > log.last) pending.arrived(object.content)
      if (object.author !== user && object.seq > log.last) title.count()
      return append(object)
    case "event_message":
      if (object.seq === log.last + 1) members.follow(object)
      return append(object)
    case "ack":
      sender.acknowledged(object)
      break
    case "error":
      sender.refused(object)
      break
    case "reset":
      // Too much was missed to be told. What is written is in storage already. What still came would find
      // a gap and ask again, and so begin the loading anew each time.
      socket.stop()
      location.reload()
      break
  }
  return true
}

/** @param {import("./socket.js").Status} status */
function changed(status) {
  state.changed(status)
  if (status !== "open") sender.lost()
  if (status in NOTICES) find(page, NOTICES[status]).hidden = false
}

/** @param {import("./protocol.js").Entry} entry */
function append(entry) {
  const isNext = log.append(entry)
  // What is missing can't be had from here: the server reads on from the last entry.
  if (!isNext) socket.renew()
  return isNext
}

/** @param {string} text */
function write(text) {
  outbox.add(text)
  if (isLive) view.toEnd()
  // Among older messages nothing live is shown: the page of the latest ones sends it.
  else location.assign(address)
}

function outboxChanged() {
  if (!isLive) return
  view.keep(showPending)
  state.waiting(outbox.waiting.length)
  sender.send()
}

function showPending() {
  pending.show(log.last, log.continues(user, new Date()))
}

// A link to an entry that is not on this page is a link to the page around it.
function pointOut() {
  const seq = location.hash.match(/^#seq-(\d+)$/)?.[1] ?? page.dataset.at
  if (!seq) return composer.focus()
  const row = document.getElementById(`seq-${seq}`)
  if (row) row.scrollIntoView({ block: "center" })
  else if (seq !== page.dataset.at) location.replace(`?at=${seq}#seq-${seq}`)
}

// A panel that lies over the page has no place in the wide layout.
function foldPanels() {
  /** @type {NodeListOf<HTMLElement>} */
  const panels = document.querySelectorAll(".panel:popover-open")
  for (const panel of panels) panel.hidePopover()
}
