"""Which characters names of accounts and groups may have, in any script, and which of them comparisons ignore.

Characters that can't be seen could make two names look alike, or turn their neighbours around: they are refused
except where a script or an emoji needs them.
"""

import re
import unicodedata

import idna

MAX_TYPED = 1_024  # characters that are normalized: NFKC composes four to one at most, and passwords have 256
JOINERS = "\u200c\u200d"  # ZERO WIDTH NON-JOINER and JOINER
VARIATIONS = "\ufe0e\ufe0f"  # show the emoji before them as text or as a picture
# Characters Unicode calls letters, marks, symbols or tags but that render as nothing.
INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0\U0001107f\U00016fe4\U0001d159"
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000))))
SIGNS = frozenset("@.+-_")
# Punctuation within words, by the rules of IDNA (RFC 5892, A.3 to A.7): Catalan l·l, Greek, Hebrew, Japanese.
PUNCTUATION = frozenset("\u00b7\u0375\u05f3\u05f4\u30fb")
TSHEG = "\u0f0b"  # stands between the syllables of every Tibetan word
MAX_MARKS = 6  # of a letter in NFD, as in Burmese; piled up higher, they cover the lines around the name
VIRAMA = 9  # its combining class: it takes the vowel from the consonant before it
# Looks like the letter alone: a dot above a letter that has one (UTS 39, 5.4).
SECOND_DOT = re.compile("[ij\u0456\u0458]\u0307")

# The blocks of emoji, as a whole: new ones are added there.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_EMOJI = f"{_PICTURE}[{VARIATIONS}\U0001f3fb-\U0001f3ff]?"
_FLAGS = "|".join("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
# Chooses one of a letter's shapes, and stands directly after it: of kanji, as in \u845b\U000e0100\u57ce; of Mongolian.
SHAPED = re.compile(
    "([\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\ufe00-\ufe02\U000e0100-\U000e01ef]"
    "|([\u1820-\u1878\u1887-\u18aa])[\u180b-\u180d\u180f]"
)
EMOJI = re.compile(f"\U0001f3f4(?:{_FLAGS})\U000e007f|{_EMOJI}(?:\u200d{_EMOJI})*|[0-9#*]\ufe0f?\u20e3")


def composed(text: str) -> str:
    """In NFKC, unless it is too long for a name or a password: normalizing a MiB of unordered marks takes hours."""
    return unicodedata.normalize("NFKC", text) if len(text) <= MAX_TYPED else text


def folded(text: str) -> str:
    """For comparisons that ignore case and Unicode's forms."""
    # Once more, since capitals may be composed in another way: those of U+0390 are two characters.
    return composed(composed(text).casefold()).casefold()


def without(characters: str, text: str) -> str:
    for character in characters:
        text = text.replace(character, "")
    return text


def is_account_name(text: str) -> bool:
    """Whether an account may have this name, which is in NFKC: letters with their marks, digits and signs."""
    return (
        not INVISIBLE.intersection(text)
        and _has_marks_on_letters(unicodedata.normalize("NFD", without(JOINERS, text)))
        and all(_is_needed(text, place) for place, character in enumerate(text) if character in JOINERS)
    )


def is_group_name(text: str) -> bool:
    """Whether a group may have this name: anything that can be seen, on one line."""
    plain = SHAPED.sub(r"\1\2", EMOJI.sub("*", text))
    seen = without(JOINERS, plain)
    return (
        seen.isprintable()
        and not INVISIBLE.intersection(seen)
        and all(_is_needed(plain, place) for place, character in enumerate(plain) if character in JOINERS)
    )


def _has_marks_on_letters(text: str) -> bool:
    """Whether it consists of letters with their marks, of digits and signs. It is in NFD, so that all marks count."""
    free, before = 0, ""  # how many more marks the letter takes, and the character before
    for place, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind in ("Mn", "Mc"):
            # The same again, in the same place, can't be seen.
            if free == 0 or (kind == "Mn" and character == before):
                return False
            free -= 1
        elif character.isalnum() or character in SIGNS or _is_within_word(text, place):
            free = MAX_MARKS if kind.startswith("L") else 0
        else:
            return False
        before = character
    return not SECOND_DOT.search(text)


def _is_within_word(text: str, place: int) -> bool:
    if text[place] == TSHEG:
        return place > 0 and unicodedata.category(text[place - 1])[0] in "LM"
    return text[place] in PUNCTUATION and idna.valid_contexto(text.replace("L", "l"), place)


def _is_needed(text: str, place: int) -> bool:
    """Whether the joiner at this place changes how its neighbours are written: IDNA's rules (RFC 5892, A.1 and A.2).

    A joiner before a virama is allowed too: Bengali (`র‍্য`) and Sinhala need it there.
    """
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if _is_virama(before):
        return True
    if text[place] == "\u200d":
        return before.isalpha() and _is_virama(after)
    try:
        return idna.valid_contextj(text, place)
    except ValueError:  # idna asks for the names of characters; Python has none for those of Tangut
        return False


def _is_virama(character: str) -> bool:
    return bool(character) and unicodedata.combining(character) == VIRAMA
