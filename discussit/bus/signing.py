"""Signed messages: write access to the engine is neither enough to forge one nor to have one take effect twice.

What is signed is the channel, the sending process, a counter that only rises, and the message. A receiver delivers a
message only if its counter is above all others that it has seen of the sender. Anything else may be a repeat, so
the database is read: it may also be one that was overtaken.

Counters are the time of day, so that a receiver can tell old messages of senders that it does not know. Where clocks
are wrong, this costs only time.
"""

import hashlib
import hmac
import logging
import re
import time
from secrets import token_hex

from anyio import current_time

from discussit.bus.backends import RESYNC

logger = logging.getLogger(__name__)

SIGNATURE = 32  # hexadecimal digits
LIFE = 60  # seconds by which a message may be older, or newer, than the receiver's clock says
SET_BACK = 1  # seconds by which a clock is set back before its process becomes another sender
SENDERS = 1_000  # processes that are remembered, about 150 bytes each
WARN_EVERY = 60.0  # seconds between two warnings of one kind
PREFIX = re.compile(r"([0-9a-f]{16}):([0-9]{1,20}):")


def microseconds() -> int:
    """The time of day, which means the same to all processes."""
    return int(time.time() * 1_000_000)  # noqa: TID251


class Signatures:
    """Signs texts for their channel, and checks that."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"discussit.bus" + secret_key.encode()).digest()

    def signed(self, channel: str, text: str) -> str:
        return self._signature(channel, text) + text

    def text(self, channel: str, signed: str) -> str | None:
        """The text; None if its signature is wrong."""
        signature, text = signed[:SIGNATURE], signed[SIGNATURE:]
        expected = self._signature(channel, text).encode()
        return text if hmac.compare_digest(signature.encode(errors="surrogatepass"), expected) else None

    def _signature(self, channel: str, text: str) -> str:
        signed = f"{channel}\n{text}".encode(errors="surrogatepass")
        return hashlib.blake2b(signed, key=self._key, digest_size=SIGNATURE // 2).hexdigest()


class Sender:
    """This process as a sender: numbers and signs its messages."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._begin(0)

    def _begin(self, counter: int) -> None:
        self._id, self._counter = token_hex(8), counter

    def signed(self, channel: str, message: str) -> str:
        """To be called just before the message is published, in that order."""
        now = microseconds()
        if now < self._counter - SET_BACK * 1_000_000:
            self._begin(now)  # otherwise all messages would be too new, until the clock is there again
        self._counter = max(self._counter + 1, now)
        return self._signatures.signed(channel, f"{self._id}:{self._counter}:{message}")


class Receiver:
    """Decides, once in a process for each message, whether it is delivered or the database is read instead."""

    def __init__(self, signatures: Signatures) -> None:
        self._signatures = signatures
        self._counters: dict[str, int] = {}  # the highest of each sender, the last to have sent at the end
        self._forgotten = 0  # the highest of those of them that are no longer known
        # By channel: the time of day at which it began, and until when, by the loop's clock, that matters.
        self._began: dict[str, tuple[int, float]] = {}
        self._warned: dict[str, float] = {}

    def begin(self, channel: str) -> None:
        """The channel is about to be delivered: what was sent until now, its subscribers will read in the database."""
        self._began[channel] = microseconds(), current_time() + LIFE

    def forget(self, channel: str) -> None:
        self._began.pop(channel, None)

    def message(self, channel: str, received: str) -> str | None:
        """Return the message, or None if it is not certain to be a new one."""
        text = self._signatures.text(channel, received)
        if text is None:
            if received != RESYNC:
                self._warn(channel, "has a wrong signature")
            return None
        prefix = PREFIX.match(text)
        if prefix is None:
            return None  # of a process of the version before this one
        sender, counter = prefix[1], int(prefix[2])
        if abs(counter - microseconds()) > LIFE * 1_000_000:
            self._warn(channel, f"is {LIFE} s old or more, or a clock is wrong", sender)
            return None
        if counter <= self._counters.get(sender, self._forgotten):
            self._warn(channel, "arrives again, or late", sender)
            return None
        self._note(sender, counter)
        return None if self._is_from_before(channel, counter) else text[prefix.end() :]

    def _note(self, sender: str, counter: int) -> None:
        self._counters.pop(sender, None)  # to the end
        self._counters[sender] = counter
        if len(self._counters) > SENDERS:
            oldest = next(iter(self._counters))
            self._forgotten = max(self._forgotten, self._counters.pop(oldest))

    def _is_from_before(self, channel: str, counter: int) -> bool:
        """Whether a message is from before the channel began: it was not seen, if this is a repeat of it."""
        began_at, matters_until = self._began.get(channel, (0, 0.0))
        # A minute later, such a message is refused by its age, unless the clock was wrong when the channel began.
        return counter < began_at and current_time() < matters_until

    def _warn(self, channel: str, why: str, sender: str = "unknown") -> None:
        """Warn once in a while: whoever writes to the engine must not fill the log."""
        now = current_time()
        if now >= self._warned.get(why, 0):
            self._warned[why] = now + WARN_EVERY
            text = "a message on %s %s (its sender: %s); reading the database instead"
            logger.warning(text, channel, why, sender)
