// A connection that reconnects by itself. Its address says where to read on, so that the server sends
// what was missed. Where sockets fail although the server answers other requests, it polls if it can.

import { forgetInTab, keepInTab, keptInTab } from "../shared/storage.js"
import { isFinal, SUBPROTOCOL } from "./protocol.js"
import { Recovery } from "./recovery.js"
import { askWhy } from "./verdict.js"

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000
const ANSWER_WITHIN = 15_000
const RETRY_WITHIN = 5_000
const TICK = 5_000
// Browsers slow the timers of hidden tabs to one a minute: only a longer pause means that the machine slept.
const SLEPT = 90_000
const SERVER_RESTARTS = 1012
// A socket that is closed sooner counts as failed, whatever came through it.
const LASTING = 5_000
/** @type {{ [code: number]: Status }} */
const ENDINGS = { 4401: "signed-out", 4403: "not-member" }
// As many sockets must fail, each while the server answers other requests, before it is polled.
const FAILURES = 3
const LONGEST_PAUSE_POLLING = 60_000
// In this tab sockets have failed before.
const FAILED = "discussit:sockets-failed"

/** @typedef {"connecting" | "open" | "polling" | "waiting" | "offline" | "signed-out" | "not-member" | "gone" | "ended" | "outdated" | "stopped"} Status */

/**
 * @typedef Listener
 * @property {() => string} query What to append to the path at each connection.
 * @property {(ready: import("./protocol.js").Ready) => boolean} isOurs Whether the session is that of the page's account.
 * @property {(objects: import("./protocol.js").Received[]) => void} received
 * @property {(status: Status) => void} changed
 */

export class Socket {
  #path
  #listener
  #question
  /** @type {import("./polling.js").Polling | null} */
  #polling
  #recovery
  /** @type {WebSocket | null} */
  #websocket = null
  /** @type {Status} */
  #status = "connecting"
  #failures = 0
  #isChecked = false
  /** When the first objects came. */
  #heardAt = Infinity
  /** Of sockets, while the server answered other requests. */
  #refusals = 0
  #isAsking = false
  /** @type {number | undefined} */
  #retry
  /** @type {number | undefined} */
  #deadline
  #lastTick = Date.now()

  /**
   * @param {string} path
   * @param {Listener} listener
   * @param {import("./verdict.js").Question} question
   * @param {import("./polling.js").Polling | null} [polling]
   */
  constructor(path, listener, question, polling = null) {
    this.#path = path
    this.#listener = listener
    this.#question = question
    this.#polling = polling
    const isRefused = () => ["signed-out", "not-member", "gone"].includes(this.#status)
    this.#recovery = new Recovery(question, isRefused, () => this.#connect())
  }

  start() {
    addEventListener("online", () => this.#wake())
    addEventListener("offline", () => this.#lost())
    addEventListener("pageshow", () => this.#wake())
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake())
    setInterval(() => this.#tick(), TICK)
    this.#connect()
  }

  /** Whether frames can be sent: the server has named the session's account, and it is the page's. */
  get isOpen() {
    if (this.#isPolling) return true
    // A closing socket is not open any more, but its close event comes later.
    return this.#isChecked && this.#status === "open" && this.#websocket?.readyState === WebSocket.OPEN
  }

  /** Whether the session has ended, or another account's has begun. */
  get isSignedOut() {
    return this.#status === "signed-out"
  }

  /** @param {import("./protocol.js").Frame} frame */
  send(frame) {
    if (this.#isPolling) return void this.#polling?.send(frame)
    this.#websocket?.send(JSON.stringify(frame))
    // Every message is answered. Silence means that the connection is dead.
    this.#deadline ??= setTimeout(() => this.renew(), ANSWER_WITHIN)
  }

  /** Drops the connection, even if it looks open, and reconnects immediately. */
  renew() {
    if (!this.hasEnded) this.#connect()
  }

  /**
   * Ends the connection for good: the page is about to be loaded again, or has to be.
   * @param {"stopped" | "outdated"} status
   */
  stop(status) {
    this.#end(status)
  }

  /** Whether nothing more comes or can be sent until the page is loaded again. */
  get hasEnded() {
    return ["signed-out", "not-member", "gone", "ended", "outdated", "stopped"].includes(this.#status)
  }

  get #isPolling() {
    return this.#status === "polling"
  }

  #connect() {
    // An attempt begun without a network may still be under way when the network returns.
    this.#drop()
    // Without a network this attempt most likely fails.
    if (!this.#isPolling) this.#change(navigator.onLine ? "connecting" : "offline")
    const websocket = new WebSocket(this.#address, SUBPROTOCOL)
    this.#websocket = websocket
    // A proxy may let handshakes hang, or open a socket through which nothing comes.
    this.#deadline = setTimeout(() => this.#failed(0), this.#refusals ? RETRY_WITHIN : ANSWER_WITHIN)
    let isHeard = false
    websocket.onopen = () => this.#isCurrent(websocket) && this.#opened()
    websocket.onmessage = ({ data }) => {
      isHeard = true
      if (this.#isCurrent(websocket)) this.#received(JSON.parse(data))
    }
    websocket.onclose = ({ code }) => {
      if (!this.#isCurrent(websocket)) return
      if (isHeard) this.#closed(code)
      else this.#failed(code)
    }
  }

  get #address() {
    const url = new URL(this.#path + this.#listener.query(), location.href)
    url.protocol = url.protocol.replace("http", "ws")
    return url
  }

  /** @param {WebSocket} websocket */
  #isCurrent(websocket) {
    return websocket === this.#websocket
  }

  // The deadline stays until the first objects, which every socket begins with.
  #opened() {
    if (!this.#isPolling) this.#change("open")
  }

  /** @param {import("./protocol.js").Received[]} objects */
  #received(objects) {
    this.#forgetDeadline()
    const ready = objects.find(object => object.type === "ready")
    // Another account has logged in in this browser: its session must neither send nor show anything here.
    if (ready && !this.#listener.isOurs(ready)) return this.#end("signed-out")
    this.#isChecked ||= Boolean(ready)
    this.#heardAt = Math.min(this.#heardAt, performance.now())
    this.#refusals = 0
    this.#recovery.succeeded()
    if (this.#isPolling) this.#stopPolling("open")
    forgetInTab(FAILED)
    this.#listener.received(objects)
  }

  /** @param {number} code */
  #closed(code) {
    if (this.hasEnded) return
    if (isFinal(code)) return this.#end(ENDINGS[code] ?? "ended")
    if (performance.now() - this.#heardAt > LASTING) this.#failures = 0
    this.#drop()
    if (!this.#isPolling) this.#change(navigator.onLine ? "waiting" : "offline")
    this.#retry = setTimeout(() => this.#connect(), this.#pause(code))
    this.#failures += 1
  }

  /**
   * Closed before the server said anything.
   * @param {number} code
   */
  #failed(code) {
    this.#closed(code)
    if (!this.hasEnded) this.#askWhy()
  }

  /** Neither a socket nor polling works any more. */
  #lost() {
    if (this.hasEnded) return
    if (this.#isPolling) this.#stopPolling(navigator.onLine ? "waiting" : "offline")
    this.#closed(0)
  }

  // The reason is asked for at once, since sockets are tried rarely by now. Polling begins again only after the next of
  // them has failed: otherwise a server that answers questions, but not polls, would be asked without a pause.
  #lostPolling() {
    this.#lost()
    this.#askWhy(false)
  }

  /** @param {Status} status */
  #end(status) {
    this.#drop()
    this.#polling?.stop()
    this.#change(status)
    this.#recovery.later()
  }

  #drop() {
    clearTimeout(this.#retry)
    this.#forgetDeadline()
    const websocket = this.#websocket
    this.#websocket = null
    this.#isChecked = false
    this.#heardAt = Infinity
    websocket?.close()
  }

  #forgetDeadline() {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /**
   * Random, so that not all readers return to a restarted server at the same moment.
   * @param {number} code
   */
  #pause(code) {
    if (code === SERVER_RESTARTS && this.#failures === 0) return Math.random() * 1_000
    const limit = this.#isPolling ? LONGEST_PAUSE_POLLING : LONGEST_PAUSE
    const longest = Math.min(limit, FIRST_PAUSE * 2 ** this.#failures)
    return longest * (0.5 + Math.random() / 2)
  }

  /** @param {boolean} [mayPoll] If the server answers other requests. */
  async #askWhy(mayPoll = true) {
    if (this.#isAsking || this.#isPolling) return
    this.#isAsking = true
    const { isServed, verdict } = await askWhy(this.#question)
    this.#isAsking = false
    if (this.hasEnded || this.#status === "open") return
    if (verdict) return this.#end(verdict)
    if (!mayPoll) return
    this.#refusals = isServed ? this.#refusals + 1 : 0
    if (this.#polling && this.#refusals >= (keptInTab(FAILED) ? 1 : FAILURES)) this.#poll(this.#polling)
  }

  /** @param {import("./polling.js").Polling} polling */
  #poll(polling) {
    keepInTab(FAILED, "yes")
    this.#change("polling")
    const { query, received } = this.#listener
    polling.start({ query, received, lost: () => this.#lostPolling() })
  }

  /** @param {Status} status */
  #stopPolling(status) {
    this.#polling?.stop()
    this.#change(status)
  }

  #wake() {
    if (this.#status === "waiting" || this.#status === "offline") this.#connect()
    else {
      this.#tick()
      this.#recovery.now()
    }
  }

  // After the machine slept, a dead socket may look open for many minutes. Only the time of day goes on while it sleeps,
  // in every browser. Where it was set ahead instead, the socket is renewed once for nothing.
  #tick() {
    const now = Date.now()
    const slept = now - this.#lastTick > SLEPT
    this.#lastTick = now
    if (slept) this.renew()
  }

  /** @param {Status} status */
  #change(status) {
    if (this.#status === status) return
    this.#status = status
    this.#listener.changed(status)
  }
}
