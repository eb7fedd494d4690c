"""What people may want to do at any moment of a history, whatever was done before: as hypothesis draws it."""

import os
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some

NAMES = ("alice", "bob", "carol")
TEXTS = (
    "Tomatoes?",
    "Beans?",
    "*Peas*!",
    "hi @bob",
    "@carol and @alice, @bob says",
    "@everyone: *lunch*",
    "`x` @carol",
)
EMOJI = ("👍", "🎉", "❤️")
NO_MESSAGE, FUTURE = 1, 1_000  # targets: the first entry is a Join


@dataclass(frozen=True)
class Intent:
    """A command, which gets its target and its `rev` once it is known what there is."""

    kind: str
    name: str | None  # None: whoever wrote the target
    pick: int  # of the messages that exist, from the last; or NO_MESSAGE, or FUTURE
    text: str
    emoji: str
    on: bool
    rev_off: int
    client_id: str

    def command(self, log, messages):
        """Who sends what, of clients that know these messages of a NaiveLog, and what they are by now."""
        target = self._target(messages)
        author = log.rows[target - 1].name if target <= len(log.rows) else NAMES[0]
        return self.name or author, self._command(log, target)

    def _command(self, log, target):
        command = {"type": self.kind, "client_id": self.client_id}
        match self.kind:
            case "text_message":
                return command | {"message": self.text} | ({"reply_to": target} if self.on else {})
            case "edit_message":
                rev = log.rows[target - 1].rev if target <= len(log.rows) else 0
                return command | {"target": target, "rev": max(0, rev + self.rev_off), "message": self.text}
            case "delete_message":
                return command | {"target": target}
            case "react":
                return command | {"target": target, "emoji": self.emoji, "on": self.on}

    def _target(self, messages):
        if self.pick in (NO_MESSAGE, FUTURE) or not messages:
            return FUTURE if self.pick == FUTURE else NO_MESSAGE
        return messages[-1 - self.pick % len(messages)]


intents = some.builds(
    Intent,
    kind=some.sampled_from([*["text_message"] * 3, *["edit_message"] * 3, *["react"] * 3, "delete_message"]),
    name=some.sampled_from([None, None, None, *NAMES]),
    pick=some.one_of(some.integers(2, 15), some.sampled_from([2, 2, NO_MESSAGE, FUTURE])),
    text=some.sampled_from(TEXTS),
    emoji=some.sampled_from(EMOJI),
    on=some.booleans(),
    rev_off=some.sampled_from([0, 0, 0, -1, 1]),
    client_id=some.one_of(some.integers(0, 9), some.integers(10, 10_000)).map(str),
)


@dataclass(frozen=True)
class MarkIntent:
    """What somebody wants to be read or unread, which gets its seq and its `read_rev` once the log is known."""

    kind: str
    back: int  # entries before the end
    rev_off: int | None

    def command(self, log, name):
        command = {"type": self.kind, "seq": max(1, len(log.rows) - self.back)}
        if self.kind == "mark_unread" or self.rev_off is None:
            return command
        return command | {"read_rev": log.numbers(name)["read_rev"] + self.rev_off}


mark_intents = some.builds(
    MarkIntent,
    kind=some.sampled_from(["mark_read", "mark_read", "mark_unread"]),
    back=some.integers(-2, 9),
    rev_off=some.sampled_from([None, 0, 1]),
)


def examples(count, **more):
    """So many of them; EXAMPLES=10000 in the environment has more, and `--hypothesis-seed` names them."""
    return settings(
        max_examples=int(os.environ.get("EXAMPLES", count)),
        deadline=None,
        # Shrinking a history takes longer than a test may take.
        phases=[Phase.explicit, Phase.generate],
        database=None,
        derandomize=os.environ.get("CI") == "true",
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        **more,
    )
