"""Whatever is done too often is refused for a while, without delaying anybody else."""

import asyncio
import logging
import signal

import pytest
from anyio import fail_after, move_on_after
from people import PASSWORD, stranger
from starlette.requests import HTTPConnection
from starlette.testclient import WebSocketDenialResponse

from discussit.errors import FieldError
from discussit.limits import throttles
from discussit.limits.throttles import BURST, Limit, RateCounter, Repeated, Throttled, Throttles
from discussit.settings import Settings

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"
THREE = 3, 60  # acts in so many seconds


def few(environment, *names):
    """Of these, three a minute are let through."""
    for name in names:
        environment.setattr(throttles, name, Limit(getattr(throttles, name).what, *THREE))


def guess(person, name, password="wrong horse battery", **headers):
    return person.browser.post(LOGIN, data={"username": name, "password": password}, headers=headers).status_code


# Passwords


def test_an_account_takes_ten_wrong_passwords_in_a_quarter_of_an_hour(site, alice):
    attacker = stranger(site)

    guesses = [guess(attacker, "alice") for _ in range(12)]

    assert guesses == [400] * 10 + [429] * 2


def test_a_throttled_login_says_how_long_to_wait(site, environment, alice):
    few(environment, "GUESSES_OF_ACCOUNT")
    attacker = stranger(site)
    for _ in range(3):
        guess(attacker, "alice")

    answer = attacker.post(LOGIN, username="ALICE", password=PASSWORD)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "Too many wrong passwords for this account. Please wait" in answer.text


def test_an_unknown_name_is_throttled_alike(site, environment):
    few(environment, "GUESSES_OF_ACCOUNT")

    assert [guess(stranger(site), "nobody") for _ in range(4)] == [400] * 3 + [429]


def test_guesses_at_one_account_do_not_count_for_another(site, environment, alice, bob):
    few(environment, "GUESSES_OF_ACCOUNT")
    for _ in range(4):
        guess(stranger(site), "alice")

    assert guess(stranger(site), "bob", PASSWORD) == 303


def test_right_passwords_are_not_counted(site, environment, alice):
    few(environment, "GUESSES_OF_ACCOUNT", "GUESSES_OF_ADDRESS", "GUESSES_OF_DEVICE")

    assert [guess(stranger(site), "alice", PASSWORD) for _ in range(8)] == [303] * 8


def test_right_passwords_are_counted_by_themselves(site, environment, alice, bob):
    few(environment, "LOGINS")

    assert [guess(stranger(site), "alice", PASSWORD) for _ in range(4)] == [303] * 3 + [429]
    assert guess(alice, "alice", PASSWORD) == 429
    assert guess(stranger(site), "bob", PASSWORD) == 303


def test_wrong_passwords_do_not_use_up_an_accounts_logins(site, environment, alice):
    few(environment, "LOGINS")

    assert [guess(stranger(site), "alice") for _ in range(12)] == [400] * 10 + [429] * 2
    assert guess(alice, "alice", PASSWORD) == 303


def test_a_login_too_many_is_no_guess(site, environment, alice):
    few(environment, "LOGINS", "GUESSES_OF_ADDRESS")
    for _ in range(6):
        guess(stranger(site), "alice", PASSWORD)

    assert guess(stranger(site), "nobody") == 400


def test_an_attacker_does_not_lock_the_owner_out(site, environment, alice):
    few(environment, "GUESSES_OF_ACCOUNT", "GUESSES_OF_ADDRESS")
    owner = stranger(site)
    guess(owner, "alice", PASSWORD)
    owner.log_out()
    for _ in range(4):
        guess(stranger(site), "alice")

    assert guess(stranger(site), "alice", PASSWORD) == 429
    assert guess(owner, "alice", PASSWORD) == 303


def test_a_known_browser_is_throttled_by_itself(site, environment, alice):
    few(environment, "GUESSES_OF_DEVICE")
    alice.log_out()

    guesses = [guess(alice, "alice") for _ in range(4)]

    assert guesses == [400] * 3 + [429]
    assert guess(stranger(site), "alice", PASSWORD) == 303


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_a_browser_is_known_for_its_own_account_only(site, environment, alice, bob, name):
    few(environment, "GUESSES_OF_ACCOUNT")
    bob.log_out()
    for _ in range(3):
        guess(stranger(site), name)

    assert guess(bob, name, PASSWORD) == (303 if name == "bob" else 429)


def test_an_invented_device_does_not_help(site, environment, alice):
    few(environment, "GUESSES_OF_ACCOUNT")
    attacker = stranger(site)
    guesses = []
    for number in range(4):
        attacker.browser.cookies.set("discussit_device", f"{number:032}.c2lnbmF0dXJl")
        guesses.append(guess(attacker, "alice"))

    assert guesses == [400] * 3 + [429]


def test_an_address_takes_a_limited_number_of_wrong_passwords_whatever_the_names(site, environment, alice, bob):
    few(environment, "GUESSES_OF_ADDRESS")
    attacker = stranger(site)

    guesses = [guess(attacker, name) for name in ("alice", "bob", "alice", "bob")]

    assert guesses == [400] * 3 + [429]
    assert guess(stranger(site, "203.0.113.10"), "alice", PASSWORD) == 303


def test_an_invented_address_does_not_help(site, environment, alice):
    few(environment, "GUESSES_OF_ADDRESS")
    attacker = stranger(site)

    guesses = [guess(attacker, f"name{n}", **{"x-forwarded-for": f"198.51.100.{n}"}) for n in range(4)]

    assert guesses == [400] * 3 + [429]


CONN = HTTPConnection({"type": "http", "scheme": "http", "headers": [], "client": ("203.0.113.9", 1), "path": "/"})


@pytest.fixture(params=["in this process", "in Redis"])
async def limits(request, environment):
    url = "memory://"
    if request.param == "in Redis":
        redis = request.getfixturevalue("redis")
        redis.command_line("FLUSHALL")
        url = redis.bus_url
        environment.setattr(throttles, "ANSWER_LIMIT", 10)  # on a busy machine, too, this is about Redis
    limits = Throttles(Settings("sqlite:///x.db", "secret", url))
    yield limits
    await limits.close()


async def refused_of(limits, wrong):
    """How many of so many simultaneous wrong guesses were not let through."""

    async def attempt():
        async with limits.guess(CONN, "alice"):
            await asyncio.sleep(0)
            raise FieldError("", "wrong")

    outcomes = await asyncio.gather(*(attempt() for _ in range(wrong)), return_exceptions=True)
    assert {type(each) for each in outcomes} <= {FieldError, Throttled}
    return sum(isinstance(each, Throttled) for each in outcomes)


async def test_simultaneous_guesses_count_against_the_limit(limits):
    assert await refused_of(limits, 50) == 40


# What a limit refuses counts nowhere else


def test_whoever_hammers_one_account_locks_nobody_else_of_the_network_out(site, environment, alice, bob):
    few(environment, "GUESSES_OF_ACCOUNT")
    attacker, neighbour = stranger(site), stranger(site)

    refused = [guess(attacker, "alice") for _ in range(150)][3:]

    assert set(refused) == {429}
    assert guess(neighbour, "bob", PASSWORD) == 303
    assert guess(neighbour, "nobody") == 400


def test_guesses_that_the_network_refuses_lock_no_account(site, environment, alice):
    few(environment, "GUESSES_OF_ADDRESS")
    for _ in range(20):
        guess(stranger(site), "alice")

    assert guess(stranger(site, "203.0.113.10"), "alice", PASSWORD) == 303


def test_logins_too_many_use_up_no_guesses(site, environment, alice):
    few(environment, "LOGINS", "GUESSES_OF_ACCOUNT", "GUESSES_OF_ADDRESS")
    for _ in range(3):
        guess(stranger(site), "alice", PASSWORD)

    assert [guess(stranger(site), "alice") for _ in range(9)] == [429] * 9
    assert guess(stranger(site), "nobody") == 400


@pytest.mark.parametrize("fault", [OSError("the database is down"), asyncio.CancelledError("the client is gone")])
async def test_an_attempt_that_fails_for_another_reason_is_not_counted(limits, fault):
    for _ in range(200):
        with pytest.raises(type(fault)):
            async with limits.guess(CONN, "alice"):
                raise fault
        with pytest.raises(type(fault)):
            async with limits.sign_up(CONN):
                raise fault

    assert await refused_of(limits, 10) == 0


async def test_a_cancelled_attempt_is_not_counted(limits):
    for _ in range(200):
        with move_on_after(0):
            async with limits.guess(CONN, "alice"):
                await asyncio.sleep(1)

    assert await refused_of(limits, 10) == 0


async def test_what_many_attempts_counted_is_taken_back_from_nobody_else(limits):
    async with limits.guess(CONN, "alice"):
        assert await refused_of(limits, 9) == 0

    assert await refused_of(limits, 2) == 1


# Accounts, joins and leaves, messages


def test_a_sign_up_that_fails_is_no_new_account(site, environment, alice):
    few(environment, "SIGN_UPS")
    visitor = stranger(site)
    for fields in ({"username": "alice"}, {"username": "a b"}, {"password1": "short", "password2": "short"}) * 3:
        assert signs_up(visitor, **fields) == 400

    assert [signs_up(visitor, username=f"name{number}") for number in range(4)] == [303] * 3 + [429]


def test_an_address_asks_for_a_limited_number_of_taken_names(site, environment, alice):
    few(environment, "REFUSED_SIGN_UPS")
    visitor = stranger(site)

    assert [signs_up(visitor, username="alice") for _ in range(4)] == [400] * 3 + [429]


def signs_up(visitor, **fields):
    fields = {"username": "cleo", "password1": PASSWORD, "password2": PASSWORD} | fields
    return visitor.post(SIGNUP, **fields).status_code


def test_an_address_creates_a_limited_number_of_accounts(site, environment):
    few(environment, "SIGN_UPS")
    visitor = stranger(site)

    answers = [
        visitor.post(SIGNUP, username=f"name{number}", password1=PASSWORD, password2=PASSWORD) for number in range(4)
    ]

    assert [answer.status_code for answer in answers] == [303] * 3 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_too_many_joins_and_leaves_are_refused_on_pages_and_sockets(environment, alice, bob, gardening):
    few(environment, "JOINS_AND_LEAVES")
    statuses = [bob.joins(gardening).status_code, bob.leaves(gardening).status_code, bob.joins(gardening).status_code]

    refused_page = bob.leaves(gardening)
    with bob.at_home() as home:
        home.send_json({"type": "leave_group", "data": gardening})
        error = home.receive_json()

    assert statuses == [303] * 3
    assert (refused_page.status_code, int(refused_page.headers["retry-after"]) > 0) == (429, True)
    assert (error["code"], error["data"], error["retry_after"] > 0) == ("rate_limited", gardening, True)
    assert alice.leaves(gardening).status_code == 303


def test_too_many_changes_of_a_group_are_refused(environment, alice, bob):
    few(environment, "GROUP_CHANGES")
    lunch = bob.founds("Lunch")
    settings, members = f"/groups/{lunch}/settings/", f"/groups/{lunch}/members/"
    statuses = [bob.post(settings, name=name).status_code for name in ("Brunch", "Dinner", "Supper")]

    refused = [bob.post(path, name="Tea", username="alice") for path in (settings, members, f"{members}remove/")]

    assert statuses == [303] * 3
    assert [each.status_code for each in refused] == [429] * 3
    assert all(int(each.headers["retry-after"]) > 0 for each in refused)


def test_a_refused_message_says_when_to_come_back(one_a_second, alice, gardening):
    answers = [alice.says(gardening, "hi") for _ in range(6)]
    with alice.reading(gardening) as reader:
        reader.says("hi")
        error = reader.until(type="error")

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 5
    assert (error["code"], 1 <= error["retry_after"] <= 5) == ("rate_limited", True)


async def test_all_sockets_of_a_user_share_one_limit_of_messages(limits):
    sockets = [limits.messages_of("alice"), limits.messages_of("alice")]
    for number in range(100):
        await sockets[number % 2].count()

    with pytest.raises(Throttled) as refusal:
        await sockets[0].count()

    assert 1 <= refusal.value.retry_after <= BURST
    await limits.messages_of("bob").count()


async def test_messages_wait_for_nobody_where_no_redis_counts_them(settings):
    messages = Throttles(settings).messages_of("alice")

    counted = [messages.count_here() for _ in range(100)]

    assert all(counted)
    with pytest.raises(Throttled):
        messages.count_here()


async def test_messages_that_redis_counts_are_not_counted_here(counters, redis):
    redis.command_line("FLUSHALL")
    here, elsewhere = (Repeated(counter, [(Limit("messages", *THREE), "alice")]) for counter in counters)

    assert [here.count_here() for _ in range(9)] == [False] * 9
    for _ in range(3):
        await elsewhere.count()
    with pytest.raises(Throttled):
        await here.count()


async def test_messages_wait_for_no_redis_that_did_not_answer(counters, redis):
    messages = Repeated(counters[0], [(Limit("messages", *THREE), "alice")])
    redis.kill()

    await messages.count()

    assert [messages.count_here() for _ in range(2)] == [True] * 2
    with pytest.raises(Throttled):
        messages.count_here()


async def test_without_a_rate_no_message_is_refused():
    messages = Throttles(Settings("sqlite:///x.db", "secret", "memory://", message_rate=0)).messages_of("alice")

    assert all(messages.count_here() for _ in range(10_000))


# Sockets


def test_connecting_too_often_is_refused_for_a_while(environment, alice, bob):
    few(environment, "CONNECTS")
    for _ in range(3):
        with alice.at_home():
            pass

    with pytest.raises(WebSocketDenialResponse) as denial, alice.at_home():
        pass

    assert denial.value.status_code == 429
    assert int(denial.value.headers["retry-after"]) >= 1
    with bob.at_home():
        pass


# While the clock is set


@pytest.mark.parametrize("ahead", [{"hours": -1}, {"days": -400}, {"days": 7}])
def test_a_limit_lasts_as_long_as_ever_when_the_clock_is_set(clock, one_a_second, alice, gardening, ahead):
    for _ in range(5):
        alice.says(gardening, "hi")

    clock.is_set(**ahead)
    answer = alice.says(gardening, "hi")

    assert (answer.status_code, 1 <= int(answer.headers["retry-after"]) <= 5) == (429, True)


# Where it is counted


@pytest.fixture
async def counters(redis, environment):
    """Of two processes that share a Redis."""
    environment.setattr(throttles, "ANSWER_LIMIT", 10)  # on a busy machine, too, this is about Redis
    counters = RateCounter(redis.bus_url), RateCounter(redis.bus_url)
    yield counters
    for counter in counters:
        await counter.close()
    redis.start_if_down()


async def test_processes_that_share_a_redis_count_together(counters):
    limit = Limit("things of two processes", *THREE)
    for counter in (*counters, counters[0]):
        await counter.count((limit, "alice"))

    with pytest.raises(Throttled):
        await counters[1].count((limit, "alice"))

    await counters[0].count((limit, "bob"))


async def test_without_redis_each_process_counts_for_itself_and_warns_once(counters, redis, caplog):
    limit = Limit("things without Redis", *THREE)
    redis.kill()

    for _ in range(3):
        await counters[0].count((limit, "alice"))
    with pytest.raises(Throttled):
        await counters[0].count((limit, "alice"))

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "Redis does not count" in caplog.text


@pytest.mark.parametrize("answer", [b"*0\r\n", b"$2\r\nno\r\n", b"$5\r\nno", b"what?\r\n", b"\xff", b""])
async def test_whatever_answers_in_the_place_of_redis_each_process_counts_for_itself(answer):
    async def answers(reader, writer):
        while await reader.read(4096):
            writer.write(answer)
            if not answer.endswith(b"\r\n"):
                break  # in the middle of its answer
        writer.close()

    async with await asyncio.start_server(answers, "127.0.0.1", 0) as server:
        counter = RateCounter(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        for _ in range(3):
            await counter.count((Limit("things", *THREE), "alice"))
        with pytest.raises(Throttled):
            await counter.count((Limit("things", *THREE), "alice"))
        await counter.close()


async def test_a_frozen_redis_delays_nobody_for_long(counters, redis, environment):
    limit = Limit("things of a slow Redis", *THREE)
    await counters[0].count((limit, "alice"))
    environment.setattr(throttles, "ANSWER_LIMIT", 0.5)
    redis.send(signal.SIGSTOP)

    with fail_after(5):
        await counters[0].count((limit, "alice"))
        environment.setattr(throttles, "ANSWER_LIMIT", 3600)
        for _ in range(2):
            await counters[0].count((limit, "alice"))  # without asking Redis

    redis.send(signal.SIGCONT)


async def test_a_redis_that_came_back_counts_again(counters, redis, environment):
    environment.setattr(throttles, "REDIS_PAUSE", 0)
    limit = Limit("things of a Redis that came back", *THREE)
    redis.kill()
    await counters[0].count((limit, "alice"))
    await asyncio.to_thread(redis.start)

    for counter in (*counters, counters[0]):
        await counter.count((limit, "alice"))

    with pytest.raises(Throttled):
        await counters[1].count((limit, "alice"))


async def test_what_was_counted_without_redis_is_not_taken_back_from_redis(counters, redis, environment):
    environment.setattr(throttles, "REDIS_PAUSE", 0)
    limit = Limit("things counted without Redis", *THREE)
    redis.kill()
    counted = await counters[0].count((limit, "alice"))
    await asyncio.to_thread(redis.start)
    for _ in range(3):
        await counters[0].count((limit, "alice"))

    await counters[0].take_back(counted, (limit, "alice"))

    with pytest.raises(Throttled):
        await counters[1].count((limit, "alice"))


async def test_what_redis_counted_is_not_taken_back_from_this_process(counters, redis):
    limit = Limit("things that Redis counted", *THREE)
    counted = await counters[0].count((limit, "alice"))
    redis.kill()
    for _ in range(3):
        await counters[0].count((limit, "alice"))

    await counters[0].take_back(counted, (limit, "alice"))

    with pytest.raises(Throttled):
        await counters[0].count((limit, "alice"))


@pytest.mark.parametrize("setting", [["maxmemory", "1"], ["min-replicas-to-write", "1"]], ids=" ".join)
async def test_a_redis_that_takes_no_writes_refuses_nobody(counters, redis, caplog, setting):
    limit = Limit("things of a Redis that is full", *THREE)
    redis.command_line("CONFIG", "SET", *setting)
    try:
        acts = [counters[0].count((limit, "alice")) for _ in range(9)]
        outcomes = await asyncio.gather(*acts, return_exceptions=True)
    finally:
        redis.command_line("CONFIG", "SET", setting[0], "0")

    # Redis may take the first before it notices.
    assert sum(isinstance(each, Throttled) for each in outcomes) in (5, 6)
    assert "Redis does not count" in caplog.text


async def test_one_damaged_window_leaves_redis_counting_for_everybody(counters, redis, caplog):
    limit = Limit("damaged things", *THREE)
    redis.command_line("SET", f"discussit:window:{limit.what}:60:alice", "many")

    for counter in (*counters, counters[0]):
        await counter.count((limit, "alice"))

    with pytest.raises(Throttled):
        await counters[1].count((limit, "alice"))
    assert caplog.text == ""
