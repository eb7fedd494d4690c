// The bell beside the group's name.

/**
 * Shows whether the group is muted, as templates/group/group.html does.
 * @param {HTMLElement} bell The link to the user's preferences.
 * @param {boolean} isMuted
 */
export function showBell(bell, isMuted) {
  const words = isMuted ? "Notifications (muted)" : "Notifications"
  const label = String(bell.getAttribute("aria-label"))
  bell.setAttribute("aria-label", label.replace(/^Notifications( \(muted\))?/, words))
  const icon = bell.querySelector("use")
  icon?.setAttribute("href", String(icon.getAttribute("href")).replace(/#.*/, isMuted ? "#muted" : "#bell"))
}
