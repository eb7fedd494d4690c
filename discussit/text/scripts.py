"""Where a word ends in scripts that put no space between words."""

import re

LATIN = 1  # and digits
_SCRIPT = re.compile(
    "([0-9A-Za-z_\u00aa-\u024f\u1e00-\u1eff])"
    "|([\u3041-\u309f])"  # hiragana
    "|([\u30a0-\u30ff\uff66-\uff9f])"  # katakana
    "|([\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"  # Chinese characters
    "|([\u1100-\u11ff\u3130-\u318f\uac00-\ud7af])"  # Korean, where particles follow words without a space
    "|([\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff])"  # Thai, Lao, Tibetan, Burmese, Khmer
)


def script_of(character: str) -> int:
    """A number for each script that is told apart here, 0 for all others."""
    match = _SCRIPT.match(character)
    return (match.lastindex or 0) if match else 0


def is_spaced(character: str) -> bool:
    """Whether it is a letter or digit that belongs to the same word as one beside it."""
    return character.isalnum() and script_of(character) <= LATIN
