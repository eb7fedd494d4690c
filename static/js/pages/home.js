// The home page: joining and leaving without a reload.

import { adoptOldKeys } from "../composer/old-keys.js"
import { Reload } from "../connection/reload.js"
import { Socket } from "../connection/socket.js"
import { isOf } from "../shared/account.js"
import { statusOf } from "../shared/ask.js"
import { attempt } from "../shared/attempt.js"
import { around, find } from "../shared/dom.js"
import { Tab } from "../shared/tab.js"
import { localize } from "../shared/times.js"
import { Title } from "../shared/title.js"
import { Badges } from "../unread/badges.js"
import { filterLists } from "./filter.js"
import { Groups } from "./groups.js"
import { forgetLeft } from "./undo.js"

const MINUTE = 60_000
const MIDDLE = 1

const title = attempt(() => new Title())
const badges = new Badges(document, totals => attempt(() => title?.count(totals)))
follow(find(document, "#groups"))
attempt(filterLists)
attempt(forgetLeft)

/** @param {HTMLElement} list */
function follow(list) {
  const { socket: address = "", user = "", version = "", term = "" } = list.dataset
  const groups = new Groups(list, find(document, "#news"), find(document, "#left"), uuid => badges.added(uuid))
  const { account = "" } = document.body.dataset
  const reload = new Reload(address, version, isQuiet, () => (term ? `?${new URLSearchParams({ q: term })}` : ""))
  adoptOldKeys(account, user, new Tab().id)
  const isOurs = (/** @type {import("../connection/protocol.js").Ready} */ ready) => isOf(ready, account, user)
  const socket = new Socket(address, listener(groups, reload, isOurs), () => statusOf(address))
  list.addEventListener("click", event => press(event, groups, socket))
  list.addEventListener("auxclick", event => event.button === MIDDLE && openBeside(event))
  localize(list)
  setInterval(() => localize(list), MINUTE)
  socket.start()
}

// A reload would lose text typed into forms, which is not stored, and the answers to pending commands.
function isQuiet() {
  /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */
  const fields = document.querySelectorAll("input:not([type=hidden]):not([type=radio]), textarea")
  return [...fields].every(field => !isTyped(field)) && !document.querySelector(".group[data-focused]")
}

// What was searched stays after a reload. Other forms come with what was typed, if it was refused.
/** @param {HTMLInputElement | HTMLTextAreaElement} field */
function isTyped(field) {
  return field.value !== (field.type === "search" ? field.defaultValue : "")
}

/**
 * @param {Groups} groups
 * @param {Reload} reload
 * @param {(ready: import("../connection/protocol.js").Ready) => boolean} isOurs
 * @returns {import("../connection/socket.js").Listener}
 */
function listener(groups, reload, isOurs) {
  return {
    query: () => "",
    isOurs,
    received(objects) {
      for (const object of objects) attempt(() => receive(object, groups, reload))
    },
    changed(status) {
      // Commands may be lost with the connection: the next "ready" shows whether they succeeded.
      if (status !== "open") groups.releaseAll()
      if (status === "signed-out") find(document, "#session-ended").hidden = false
      if (status === "ended") find(document, "#connection-ended").hidden = false
    },
  }
}

/**
 * @param {import("../connection/protocol.js").Received} object
 * @param {Groups} groups
 * @param {Reload} reload
 */
function receive(object, groups, reload) {
  if (object.type === "ready") {
    find(document, "#session-ended").hidden = true
    groups.agree(object.groups, badges.ready(object))
    reload.forVersion(object.version)
  }
  if (object.type === "join_group") groups.join(object.data)
  if (object.type === "leave_group") {
    groups.leave(object.data)
    badges.left(object.data)
  }
  if (object.type === "group") groups.changed(object)
  if (object.type === "group_gone") {
    groups.gone(object.group_uuid)
    badges.left(object.group_uuid)
  }
  if (object.type === "unread") {
    badges.changed(object)
    groups.counted(object)
  }
  if (object.type === "error") groups.refuse(object.data, object.message)
}

/**
 * @param {MouseEvent} event
 * @param {Groups} groups
 * @param {Socket} socket
 */
function press(event, groups, socket) {
  const button = around(event, ".group_option", HTMLButtonElement)
  const row = around(event, ".group")
  if (!button || !row) return
  const [verb, uuid] = button.value.split(" ")
  if (verb === "open_group") return openGroup(event, button)
  // It leads to a page that asks.
  if (button.form?.method === "get") return
  // After a logout the form would act for whoever logs in next.
  if (socket.isSignedOut) return event.preventDefault()
  // Without a connection the form is submitted.
  if (!socket.isOpen) return
  event.preventDefault()
  groups.hold(row)
  socket.send({ type: verb, data: uuid })
}

/**
 * Opens the group. Submitting the form by GET would add a question mark to the address.
 * @param {MouseEvent} event
 * @param {HTMLButtonElement} button
 */
function openGroup(event, button) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return openBeside(event)
  event.preventDefault()
  location.assign(addressOf(button))
}

/** @param {MouseEvent} event */
function openBeside(event) {
  const button = around(event, ".group_option[value^=open_group]", HTMLButtonElement)
  if (!button) return
  event.preventDefault()
  window.open(addressOf(button), "_blank", "noopener")
}

/** @param {HTMLButtonElement} button */
function addressOf({ form }) {
  return form?.action ?? location.href
}
