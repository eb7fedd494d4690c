// Whose page this is. It may outlive its session: another account can log in in the same browser.

/**
 * The key under which the browser stores something of an account. Names can pass to another account, ids never do.
 * @param {string} account
 * @param {string[]} parts
 */
export function keyOf(account, ...parts) {
  return ["discussit:account", account, ...parts].join(":")
}
