from uuid import UUID

from discussit.delivery.room import REVISED_SPACE, Room
from discussit.log.compose import EncodedEntry, encode_entry
from discussit.log.kinds import Changed, EntryRow
from discussit.models.base import now

GROUP = UUID("00000000-0000-4000-8000-000000000000")


def edit(seq, content):
    return encode_entry(
        GROUP,
        EntryRow(
            seq, "Edit", 1, "bob", now(), "live", "", target=3, changed=Changed("bob", "live", seq, content, None, ())
        ),
    )


async def test_many_edits_of_a_long_message_are_read_from_the_database_rather_than_encoded_again():
    room = Room(GROUP, 1, revisions=0, epoch="e")
    room.start(5)
    room.append([edit(seq, "x" * 10_000) for seq in range(6, 10)])

    room.append([edit(10, "y" * 10_000)])

    assert REVISED_SPACE < 4 * 20_000
    assert (room.first, room.last) == (10, 10)
    assert room.slice(9).entries[0].seq == 10


async def test_a_few_are_encoded_again():
    room = Room(GROUP, 1, revisions=0, epoch="e")
    room.start(5)
    room.append([edit(6, "x" * 10_000)])

    room.append([edit(7, "y")])

    assert "x" not in f"{[entry.text.replace('text', '') for entry in room._tail]}"


async def test_a_change_of_a_kind_that_only_a_later_version_knows_keeps_nothing_of_a_deleted_text():
    room = Room(GROUP, 1, revisions=0, epoch="e")
    room.start(5)
    room.append([EncodedEntry(6, "Pin", 1, "then", 3, '{"type": "pin", "seq": 6, "excerpt": "secret"}')])

    changed = Changed("bob", "deleted", 0, "", None, ())
    room.append([encode_entry(GROUP, EntryRow(7, "Delete", 1, "bob", now(), "live", "", target=3, changed=changed))])

    assert room._tail[0].text == f'{{"type":"unknown","kind":"Pin","group_uuid":"{GROUP}","seq":6,"timestamp":"then"}}'
