// Whose page this is. It may outlive its session: another account can log in in the same browser.

/**
 * The key under which the browser stores something of an account. Names can pass to another account, ids never do.
 * @param {string} account
 * @param {string[]} parts
 */
export function keyOf(account, ...parts) {
  return ["discussit:account", account, ...parts].join(":")
}

/**
 * Whether a socket's session belongs to the page's account, which still has the name that the page shows. Servers of
 * the previous version send the name alone.
 * @param {{ account?: string, user: string }} ready
 * @param {string} account
 * @param {string} user
 */
export function isOf(ready, account, user) {
  return ready.user === user && (ready.account ?? account) === account
}
