import json
import re
import runpy
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from discussit.settings import STATIC
from discussit.text.emoji import FILE, SUGGESTED, named, qualified, split

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "emoji"))
FOR_BROWSERS = STATIC / "emoji.json"
ROWS = [row for rows in json.loads(FILE.read_text())["groups"].values() for row in rows]
ALIASES = [alias for _emoji, _name, aliases, _tones in ROWS for alias in aliases.split()]
ALL = [each for emoji, _name, _aliases, tones in ROWS for each in (emoji, *tones.split())]

ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "gbeng\x7f")
ASTRONAUT = "\U0001f469\u200d\U0001f680"
PARTS = ["\ufe0f", "\ufe0e", "\u200d", "\u20e3", "\U0001f3fd", "\U0001f1e9", "\U000e0067", "1", " ", "é", *ALL]
texts = some.text() | some.lists(some.sampled_from(PARTS)).map("".join)


def forms(emoji):
    """The emoji with each U+FE0F of it or without: qualified, minimally qualified and unqualified."""
    first, *rest = emoji.split("\ufe0f")
    return ["".join([first, *parts]) for parts in product(*((f"\ufe0f{each}", each) for each in rest))]


def test_every_emoji_is_known_in_all_of_its_forms():
    assert len(ALL) > 3900
    assert [emoji for emoji in ALL if {qualified(form) for form in forms(emoji)} != {emoji}] == []


@pytest.mark.parametrize(
    ("typed", "emoji"),
    [
        ("\u2764", "\u2764\ufe0f"),
        ("\U0001f44d\ufe0f", "\U0001f44d"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("\u261d\ufe0f\U0001f3fd", "\u261d\U0001f3fd"),
        ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
    ],
)
def test_an_emoji_is_the_same_with_and_without_its_variation_selector(typed, emoji):
    assert qualified(typed) == emoji


@pytest.mark.parametrize("emoji", ["\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea", ASTRONAUT, ENGLAND])
def test_a_skin_tone_a_flag_and_a_joined_sequence_are_emoji_of_their_own(emoji):
    assert qualified(emoji) == emoji


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1",
        "1\ufe0f",
        ":)",
        "tada",
        "\ufe0f",
        "\u200d",
        "\u20e3",
        "\u2764\ufe0e",  # asks for the form without colour
        "\U0001f44d ",
        "\U0001f44d\U0001f44d",
        "\U0001f3fd",  # a skin tone
        "\U0001f600\U0001f3fd",  # of a face, which has none
        "\U0001f9b0",  # hair
        "\U0001f1e9",  # half a flag
        "\U0001f1fd\U0001f1fd",  # of no country
        "\U0001f600\u200d\U0001f680",
        f"{ASTRONAUT}\u200d",
        ENGLAND[:-1],
        "\U0001f44d" * 10_000,
    ],
    ids=ascii,
)
def test_anything_else_is_no_emoji(text):
    assert qualified(text) is None


@given(texts)
def test_a_qualified_emoji_is_known_and_stays_as_it_is(text):
    emoji = qualified(text)

    assert emoji is None or (emoji in ALL and qualified(emoji) == emoji)


def test_every_emoji_fits_in_32_characters():
    assert max(map(len, ALL)) == 10


@pytest.mark.parametrize(
    ("alias", "emoji"),
    [
        ("tada", "\U0001f389"),
        ("+1", "\U0001f44d"),
        ("thumbsup", "\U0001f44d"),
        ("-1", "\U0001f44e"),
        ("heart", "\u2764\ufe0f"),
        ("8ball", "\U0001f3b1"),
        ("hundred_points", "\U0001f4af"),
        ("flag_de", "\U0001f1e9\U0001f1ea"),
        ("sunglasses", "\U0001f60e"),  # in emojibase's set these are worn by nobody
    ],
)
def test_an_alias_leads_to_its_emoji(alias, emoji):
    assert named(alias) == emoji


@pytest.mark.parametrize("alias", ["", "100", "1234", "30", "Tada", ":tada:", "tadaa", "\U0001f389", "x" * 10_000])
def test_anything_else_is_no_alias(alias):
    assert named(alias) is None


def test_every_emoji_has_an_alias_and_every_alias_is_plain_and_one_emojis():
    assert all(aliases for _emoji, _name, aliases, _tones in ROWS)
    assert len(ALIASES) == len(set(ALIASES))
    assert [alias for alias in ALIASES if not re.fullmatch(r"[a-z0-9_+-]+", alias) or alias.isdigit()] == []


def test_every_alias_leads_to_a_known_emoji():
    assert all(qualified(named(alias)) == named(alias) for alias in ALIASES)


@pytest.mark.parametrize(
    ("text", "emoji"),
    [
        ("\u2764", ["\u2764\ufe0f"]),
        (" \U0001f389\n\U0001f389\U0001f44d\U0001f3fd ", ["\U0001f389", "\U0001f389", "\U0001f44d\U0001f3fd"]),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"]),
        (f"{ENGLAND}{ASTRONAUT}1\ufe0f\u20e3", [ENGLAND, ASTRONAUT, "1\ufe0f\u20e3"]),
        ("\U0001f389" * 10_000, ["\U0001f389"] * 10_000),
    ],
)
def test_a_text_of_emoji_alone_is_split_into_them(text, emoji):
    assert split(text) == emoji


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "\ufe0f",
        "12",
        "\U0001f389!",
        "hi \U0001f389",
        "\U0001f1e9 \U0001f1ea",
        "\U0001f1e9\U0001f1ea\U0001f1eb",
        "\U0001f469\u200d \U0001f680",
        "\U0001f389 \U0001f3fd",
        f"{ASTRONAUT}\u200d" * 2_500,
    ],
    ids=ascii,
)
def test_any_other_text_is_not_split(text):
    assert split(text) is None


@given(some.lists(some.sampled_from(ALL), min_size=1))
def test_emoji_are_split_where_they_were_joined(emoji):
    assert split(" ".join(emoji)) == split("".join(emoji)) == emoji


@given(texts)
def test_what_is_split_is_the_text_again_but_for_white_space_and_variation(text):
    emoji = split(text)

    assert emoji is None or "".join(emoji).replace("\ufe0f", "") == "".join(text.replace("\ufe0f", "").split())


@pytest.mark.skipif(
    not SCRIPT["SOURCE"].exists(), reason="emojibase-data is not installed: scripts/node --version installs it"
)
def test_the_emoji_are_those_of_the_installed_package():
    assert FILE.read_text() == SCRIPT["for_python"]()
    assert FOR_BROWSERS.read_text() == SCRIPT["for_browsers"]()


def test_browsers_have_the_same_emoji_with_the_same_aliases_in_the_same_groups():
    """tests/js/emoji.test.js compares their skin tones."""
    ours, theirs = (json.loads(file.read_text()) for file in (FILE, FOR_BROWSERS))

    assert ours["version"] == theirs["version"]
    assert list(ours["groups"]) == list(theirs["groups"])
    for ours_of, theirs_of in zip(ours["groups"].values(), theirs["groups"].values(), strict=True):
        assert [row[:3] for row in ours_of] == [row[:3] for row in theirs_of]


def test_every_suggested_emoji_is_known():
    assert [emoji for emoji in SUGGESTED if qualified(emoji) != emoji] == []
