// The forms of a group's settings, beside its log.

/**
 * Whether a reload would lose what somebody has changed there, or disturb them. What a refused form came back with is
 * no longer in the database either.
 * @param {HTMLElement} settings
 */
export function isInUse(settings) {
  const isThere = !document.hidden && settings.contains(document.activeElement)
  return isThere || "refused" in settings.dataset || hasChanges(settings)
}

/**
 * Whether somebody has changed fields there.
 * @param {HTMLElement} place
 */
export function hasChanges(place) {
  return [...place.querySelectorAll(FIELDS)].some(isChanged)
}

const FIELDS = "input, textarea, option"

/** @param {Element} field */
function isChanged(field) {
  if (field instanceof HTMLOptionElement) return field.selected !== field.defaultSelected
  if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue
  if (!(field instanceof HTMLInputElement)) return false
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked
}
