// Of a user's tabs, only the one that holds the lock sends a group's outbox. The browser passes the lock on
// when that tab yields, is closed or dies.

export class SendLock {
  #name
  #taken
  #isHeld = false
  /** @type {AbortController | null} */
  #request = null

  /**
   * `taken()` is called whenever this tab gets the lock.
   * @param {string} name
   * @param {() => void} taken
   */
  constructor(name, taken) {
    this.#name = name
    this.#taken = taken
  }

  get isHeld() {
    return this.#isHeld
  }

  /** False if the browser has no locks, as on plain http: each tab then sends its own messages. */
  get isShared() {
    return Boolean(navigator.locks)
  }

  seek() {
    if (this.#request) return
    const request = new AbortController()
    this.#request = request
    if (!this.isShared) return this.#take()
    navigator.locks
      .request(this.#name, { signal: request.signal }, () => this.#hold(request))
      .catch(() => {
        // Either this tab yielded before it got the lock, or the browser refuses locks here.
        if (!request.signal.aborted) this.#take()
      })
  }

  yield() {
    this.#isHeld = false
    this.#request?.abort()
    this.#request = null
  }

  /** @param {AbortController} request */
  #hold({ signal }) {
    if (signal.aborted) return null
    this.#take()
    return new Promise(release => signal.addEventListener("abort", release))
  }

  #take() {
    this.#isHeld = true
    this.#taken()
  }
}
