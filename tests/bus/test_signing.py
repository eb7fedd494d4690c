"""What a process delivers of what others published: each message once, and none of long ago."""

import pytest

from discussit.bus import signing
from discussit.bus.signing import LIFE, SENDERS, Receiver, Sender, Signatures

SIGNATURES = Signatures("a key that all share")


@pytest.fixture
def sender():
    return Sender(SIGNATURES)


@pytest.fixture
async def receiver():
    return Receiver(SIGNATURES)


async def test_a_message_is_delivered_once(sender, receiver):
    signed = sender.signed("a", "hi")

    assert [receiver.message("a", signed) for _ in range(3)] == ["hi", None, None]


async def test_senders_need_not_agree_on_an_order(receiver):
    one, other = Sender(SIGNATURES), Sender(SIGNATURES)
    late = other.signed("a", "late")

    assert receiver.message("a", one.signed("a", "early")) == "early"
    assert receiver.message("a", late) == "late"


async def test_a_message_that_was_overtaken_is_looked_for_in_the_database(sender, receiver):
    first, second = sender.signed("a", "first"), sender.signed("b", "second")

    assert receiver.message("b", second) == "second"
    assert receiver.message("a", first) is None


@pytest.mark.parametrize("text", ["", ":", "1:2:3", "é", "\udcff", '{"type":"resync"}', "0" * 16 + ":1:"])
async def test_any_text_is_delivered_as_it_was_sent(sender, receiver, text):
    assert receiver.message("a", sender.signed("a", text)) == text


async def test_messages_of_the_version_before_are_looked_for_in_the_database(receiver, caplog):
    assert receiver.message("a", SIGNATURES.signed("a", '{"type":"resync"}')) is None
    assert caplog.text == ""


async def test_a_process_that_has_just_begun_takes_nothing_from_before(sender, receiver):
    before = sender.signed("a", "before")
    receiver.begin("a")

    assert receiver.message("a", before) is None
    assert receiver.message("a", sender.signed("a", "after")) == "after"


@pytest.mark.parametrize("off", [{"seconds": LIFE + 1}, {"seconds": -LIFE - 1}, {"days": 400}, {"days": -400}])
async def test_a_message_of_another_time_is_looked_for_in_the_database(clock, sender, receiver, off, caplog):
    signed = [sender.signed("a", "hi") for _ in range(100)]
    clock.is_set(**off)

    assert {receiver.message("a", each) for each in signed} == {None}
    assert len(caplog.records) == 1
    assert "a clock is wrong" in caplog.text


@pytest.mark.parametrize("off", [{"seconds": -2}, {"hours": -1}, {"days": -400}, {"days": 400}])
async def test_when_all_clocks_are_set_messages_are_delivered_on(clock, sender, receiver, off):
    before = sender.signed("a", "before")
    assert receiver.message("a", before) == "before"

    clock.is_set(**off)

    assert receiver.message("a", sender.signed("a", "meanwhile")) == "meanwhile"
    clock.is_set()
    assert receiver.message("a", sender.signed("a", "afterwards")) == "afterwards"
    assert receiver.message("a", before) is None


async def test_a_wrong_clock_at_the_beginning_costs_a_minute_at_most(clock, sender, receiver, monkeypatch):
    clock.is_set(hours=1)
    receiver.begin("a")
    clock.is_set()
    assert receiver.message("a", sender.signed("a", "hi")) is None

    later = signing.current_time() + LIFE
    monkeypatch.setattr(signing, "current_time", lambda: later)

    assert receiver.message("a", sender.signed("a", "hi")) == "hi"


async def test_senders_are_forgotten_and_their_messages_are_still_refused(receiver):
    senders = [Sender(SIGNATURES) for _ in range(SENDERS + 100)]
    signed = [sender.signed("a", "hi") for sender in senders]

    assert {receiver.message("a", each) for each in signed} == {"hi"}

    assert len(receiver._counters) == SENDERS
    assert {receiver.message("a", each) for each in signed} == {None}


async def test_forged_messages_do_not_fill_the_log(receiver, caplog):
    for number in range(1_000):
        assert receiver.message(f"group.{number}", f"{number}") is None

    assert [record.levelname for record in caplog.records] == ["WARNING"]
