"""What the version before 0006 makes of a log with changes."""

CHANGES = """
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth, target)
    VALUES (7, 7, 'Edit', 1, '2026-11-22 22:07:00.000001', 'live', 3, 2);
INSERT INTO versions VALUES (7, 2, 1, 'hello all', NULL, 7);
UPDATE entries SET rev = 1, changed_seq = 7 WHERE group_id = 7 AND seq = 2;
INSERT INTO entries (group_id, seq, kind, user_id, timestamp, state, nth, target)
    VALUES (7, 8, 'Delete', 2, '2026-11-22 22:08:00.000001', 'live', 3, 5);
UPDATE entries SET state = 'removed', changed_seq = 8 WHERE group_id = 7 AND seq = 5;
UPDATE texts SET content = '' WHERE group_id = 7 AND seq = 5
"""
LOG = """
SELECT e.seq, e.state, t.content FROM entries e
LEFT JOIN texts t ON t.group_id = e.group_id AND t.seq = e.seq
WHERE e.group_id = 7 AND e.kind = 'Message' ORDER BY e.seq
"""


def test_a_migration_that_is_taken_back_keeps_present_texts_and_what_is_deleted(store):
    store.fill("0002")
    store.prepare()
    store.execute(*CHANGES.strip().split(";\n"))

    store.downgrade("0005")

    assert store.rows(LOG) == [(2, "live", "hello all"), (4, "deleted", None), (5, "deleted", None)]
