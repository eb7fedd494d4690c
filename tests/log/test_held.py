"""Drafts that wait for a lock. What PostgreSQL has to do with it is in tests/faults/test_locked_rows.py."""

import pytest

from discussit.log import held
from discussit.log.draft import MessageDraft
from discussit.log.held import Held

GARDENING, COOKING = 1, 2


async def test_a_group_is_held_from_its_first_draft_until_one_is_written():
    waiting = Held()
    first, second = draft(GARDENING), draft(GARDENING)
    assert not waiting.takes(first)
    waiting.add(first)
    assert waiting.takes(second)
    assert not waiting.takes(draft(COOKING))

    first.answer(1)
    waiting.release({GARDENING})
    assert waiting.drafts == [second]
    second.answer(2)
    waiting.release({GARDENING})

    assert not waiting.takes(draft(GARDENING))


async def test_groups_take_turns_and_their_drafts_keep_their_order():
    waiting = Held()
    drafts = [draft(group) for group in (GARDENING, COOKING) * 2]
    for each in drafts:
        waiting.add(each)

    turns = [waiting.next_group() for _ in range(3)]

    assert turns == [drafts[0::2], drafts[1::2], drafts[0::2]]


@pytest.mark.parametrize("limit", ["MAX_HELD_OF_GROUP", "MAX_HELD"])
async def test_one_draft_too_many_is_answered_busy(monkeypatch, limit):
    monkeypatch.setattr(held, limit, 2)
    waiting, drafts = Held(), [draft(GARDENING) for _ in range(3)]

    for each in drafts:
        waiting.add(each)

    assert waiting.drafts == drafts[:2]
    assert drafts[2].answered.code == "busy"


async def test_a_draft_that_has_waited_too_long_is_refused_and_its_group_is_still_held(monkeypatch):
    monkeypatch.setattr(held, "HELD_LIMIT", 0)
    waiting, late = Held(), draft(GARDENING)
    waiting.add(late)

    waiting.refuse_old()

    assert late.answered.code == "busy"
    assert not waiting.filled.is_set()
    assert waiting.takes(draft(GARDENING))


def draft(group):
    return MessageDraft(group, 1, content="hi")
