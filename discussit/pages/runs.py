"""Runs of joins and leaves, and of deleted messages, which pages fold into one line each.

static/js/log/runs.js has the same rules.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from discussit.pages.rows import RenderedEntry

MAX_NAMES = 3  # of more people, the line names one fewer, so that "1 other" never takes the place of a name
JOINED, LEFT = "joined", "left"  # the rows' `kind`
EVENTS, DELETED = "events", "deleted"  # what folds together
LEAST = {EVENTS: 2, DELETED: 3}  # rows
# What somebody did, by their first and last event in the run, in the order of the line.
EFFECTS = {
    (JOINED, JOINED): "joined",
    (LEFT, LEFT): "left",
    (JOINED, LEFT): "came and went",
    (LEFT, JOINED): "left and came back",
}


class Part(NamedTuple):
    """People with the same net effect, in the order of their last events."""

    names: tuple[str, ...]
    others: int  # people not named
    words: str


class Summary(NamedTuple):
    """The line of a folded run, with the time of its last event. Equal ones have the same markup."""

    parts: tuple[Part, ...]
    timestamp: datetime
    iso: str
    deleted: int = 0  # messages


class Run(NamedTuple):
    """Events or deleted messages in a row, on one day of UTC."""

    entries: tuple[RenderedEntry, ...]
    day: date | None

    @property
    def seq(self) -> int:
        return self.entries[0].seq

    @property
    def summary(self) -> Summary:
        last = self.entries[-1]
        if last.tombstone:
            return Summary((), last.timestamp, last.iso, len(self.entries))
        events = [(entry.name, entry.kind) for entry in self.entries]
        return Summary(tuple(parts(events)), last.timestamp, last.iso)


def folded(entries: Iterable[RenderedEntry], alone: Collection[int | None] = ()) -> list[RenderedEntry | Run]:
    """The rows of a page, with each run in the place of its rows. The seqs in `alone` are in no run."""
    rows: list[RenderedEntry | Run] = []
    for kind, run in _in_runs(entries, alone):
        rows += [_run(run)] if kind and len(run) >= LEAST[kind] else run
    return rows


def _in_runs(
    entries: Iterable[RenderedEntry], alone: Collection[int | None]
) -> Iterator[tuple[str | None, list[RenderedEntry]]]:
    rows: list[RenderedEntry] = []
    above = None
    for entry in entries:
        kind = None if entry.seq in alone else _folds_with(entry)
        if rows and not (kind and kind == above and entry.day is None):
            yield above, rows
            rows = []
        rows.append(entry)
        above = kind
    if rows:
        yield above, rows


def _folds_with(entry: RenderedEntry) -> str | None:
    if entry.kind in (JOINED, LEFT):
        return EVENTS
    return DELETED if entry.tombstone else None


def _run(rows: Sequence[RenderedEntry]) -> Run:
    first, *others = rows
    # The date stands above the run.
    return Run((first._replace(day=None), *others), first.day)


def parts(events: Iterable[tuple[str, str]]) -> Iterator[Part]:
    """The line of a run, from the name and kind of each event: everyone once, by the net effect of what they did."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for name, kind in events:
        first.setdefault(name, kind)
        last.pop(name, None)  # so that the order is that of the last events
        last[name] = kind
    for effect, words in EFFECTS.items():
        names = [name for name, kind in last.items() if (first[name], kind) == effect]
        if names:
            shown = names if len(names) <= MAX_NAMES else names[: MAX_NAMES - 1]
            yield Part(tuple(shown), len(names) - len(shown), words)
