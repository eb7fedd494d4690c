// The group page: who listens to whom.

import { Composer } from "./composer.js"
import { renameDays } from "./days.js"
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
const GAP = Symbol("gap")
const NOTICES = { "signed-out": "#session-ended", "not-member": "#membership-ended", gone: "#group-ended" }

const find = selector => document.querySelector(selector)
const page = find("#group")
const { user, group } = page.dataset
const isLive = "live" in page.dataset

const list = find("#chat-log")
const log = new Log(list, Number(page.dataset.last))
const view = new View(find(".scroller"), find("#newest"))
const members = new Members(find("#members"), document.querySelectorAll(".member-count"))
const state = new State(find("#state"), log.last)
const outbox = new Outbox(user, group, outboxChanged)
const pending = new Pending(find("#pending"), outbox)
const socket = new Socket(page.dataset.socket, { query: () => `?since=${log.last}`, received, changed })
const sender = new Sender(outbox, socket, `discussit:sender:${user}:${group}`)
const title = new Title()
const composer = new Composer(find("#composer"), new Draft(user, group), write)

const RECEIVED = {
  ready({ seq }) {
    state.ready(seq)
    sender.ready()
  },
  text_message(entry) {
    if (entry.author === user && entry.seq > log.last) pending.arrived(entry.content)
    if (entry.author !== user && entry.seq > log.last) title.count()
    return append(entry)
  },
  event_message(entry) {
    if (entry.seq === log.last + 1) members.follow(entry)
    return append(entry)
  },
  ack: ack => sender.acknowledged(ack),
  error: error => sender.refused(error),
  // Too much was missed to be told. What is written is in storage already. What still came would find
  // a gap and ask again, and so begin the loading anew each time.
  reset() {
    socket.stop()
    location.reload()
  },
}

open()

function open() {
  if (find("#earlier")) new History(find("#earlier"), find(".scroller"), log)
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

function received(objects) {
  const before = log.last
  view.keep(() => {
    // A gap makes what follows it in this frame worthless too.
    objects.every(object => RECEIVED[object.type]?.(object) !== GAP)
    if (log.last > before) find(".silence")?.remove()
    outbox.settle(log.last)
    showPending()
    return log.last - before
  })
  state.reached(log.last)
}

function changed(status) {
  state.changed(status)
  if (status !== "open") sender.lost()
  if (status in NOTICES) find(NOTICES[status]).hidden = false
}

function append(entry) {
  if (log.append(entry)) return
  // What is missing can't be had from here: the server reads on from the last entry.
  socket.renew()
  return GAP
}

function write(text) {
  outbox.add(text)
  if (isLive) view.toEnd()
  // Among older messages nothing live is shown: the page of the latest ones sends it.
  else location.assign(page.dataset.socket)
}

function outboxChanged() {
  if (!isLive) return
  view.keep(showPending)
  state.waiting(outbox.waiting.length)
  sender.send()
}

function showPending() {
  pending.show(log.last, log.continues(user, Date.now()))
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
  for (const panel of document.querySelectorAll(".panel:popover-open")) panel.hidePopover()
}
