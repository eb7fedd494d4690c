// Which of a person's tabs sends what waits for a group: the one that holds the lock. The browser gives it
// to the next tab when this one yields, is closed or dies.

export class SendLock {
  #name
  #taken
  #isHeld = false
  /** @type {AbortController | null} */
  #request = null

  /**
   * `taken()` is called whenever it becomes this tab's turn.
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

  /** Without locks, as on plain http in a local network, each tab sends its own messages. */
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
        // Either it was yielded before it was this tab's turn, or the browser refuses locks here.
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
