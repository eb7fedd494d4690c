"""What was added to a text and removed from it, word by word."""

import random
import time
from itertools import pairwise

import pytest

from discussit.text.differences import MAX_CHANGES, Change, differences

LONG = 10_000  # characters of the longest message


def shown(before, after):
    """Both texts in one: [-removed-] and {+added+}."""
    marks = {Change.KEPT: "{}", Change.REMOVED: "[-{}-]", Change.ADDED: "{{+{}+}}"}
    return "".join(marks[part.change].format(part.text) for part in differences(before, after))


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("the same", "the same", "the same"),
        ("Plant tomatoes.", "Plant beans.", "Plant [-tomatoes-]{+beans+}."),
        ("on Friday", "on Friday at six", "on Friday{+ at six+}"),
        ("please come soon", "come soon", "[-please -]come soon"),
        ("the quick fox", "a slow fox", "[-the quick-]{+a slow+} fox"),
        ("one two three four", "one 2 three 4", "one [-two-]{+2+} three [-four-]{+4+}"),
        ("a\nb", "a\n\nb", "a\n{+\n+}b"),
        ("天気がいい", "天気が悪い", "天気が[-い-]{+悪+}い"),
        ("ok 👍🏽", "ok 👍🏿", "ok [-👍🏽-]{+👍🏿+}"),
        ("हिन्दी में", "हिन्दू में", "[-हिन्दी-]{+हिन्दू+} में"),
        ("cafe", "cafe\u0301", "[-cafe-]{+cafe\u0301+}"),
        ("", "new", "{+new+}"),
    ],
)
def test_words_that_differ_are_marked(before, after, difference):
    assert shown(before, after) == difference


def test_both_texts_are_whole_whatever_they_are():
    chance = random.Random(5)  # noqa: S311
    for _ in range(3_000):
        before, after = ("".join(chance.choices("ab ,\n天e\u0301👍\u200d🏽", k=chance.randrange(30))) for _ in range(2))
        parts = differences(before, after)

        assert "".join(part.text for part in parts if part.change != Change.ADDED) == before
        assert "".join(part.text for part in parts if part.change != Change.REMOVED) == after


@pytest.mark.parametrize("alphabet", ["ab ", "ab,;", "天地", "a\n"], ids=["words", "signs", "characters", "lines"])
def test_long_texts_without_likeness_are_compared_quickly(alphabet):
    chance = random.Random(6)  # noqa: S311
    texts = ["".join(chance.choices(alphabet, k=LONG)) for _ in range(51)]
    started = time.process_time()

    compared = [differences(*pair) for pair in pairwise(texts)]

    assert time.process_time() - started < 2
    assert max(map(len, compared)) <= MAX_CHANGES


def test_one_word_is_found_in_a_long_text():
    before = "".join(f"word{n} " for n in range(1_200))

    assert len(before) > 9_000
    assert shown(before, before.replace("word600 ", "other ")).count("[-word600-]{+other+}") == 1


def test_one_character_is_found_in_a_long_text_without_spaces():
    before = "天" * LONG

    assert [part.text for part in differences(before, before[:5_000] + "地" + before[5_000:])][1] == "地"
