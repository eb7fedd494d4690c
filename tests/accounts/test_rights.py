"""What somebody may do is checked again when it is done: the session may have ended while the request waited."""

from functools import partial

import pytest
from people import PASSWORD, HttpPerson, closed
from sqlalchemy import select
from waits import answered_after, during, slow_counting, slow_hashing

from discussit.models import Session

NEW = "another horse entirely"
ACTS = {
    "joins": lambda bob, group: bob.joins(group),
    "leaves": lambda bob, group: bob.leaves(group),
    "logs out everywhere else": lambda bob, _: bob.post("/accounts/sessions/", session="others"),
    "changes the password": lambda bob, _: changes_password(bob),
}


@pytest.fixture
def on_his_phone(site, bob):
    """Bob, logged in a second time."""
    phone = HttpPerson(site, "bob")
    phone.log_in()
    return phone


@pytest.mark.parametrize("is_member", [False, True])
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_session_that_ends_while_its_request_waits_does_nothing_more(
    site, bob, gardening, on_his_phone, act, is_member
):
    if is_member:
        bob.joins(gardening)

    answer = answered_after(site, lambda: act(bob, gardening), ended_first_session)

    assert answer.headers["location"].startswith("/accounts/login/")
    assert on_his_phone.get(f"/groups/{gardening}/").status_code == (200 if is_member else 403)
    assert HttpPerson(site, "bob").log_in().headers["location"] == "/"


def test_a_session_that_ends_while_a_password_is_hashed_does_not_change_it(environment, site, bob, on_his_phone):
    with slow_hashing(environment) as hashing, during(hashing, lambda: changes_password(bob)) as answer:
        on_his_phone.post("/accounts/sessions/", session="others")

    assert answer.result().headers["location"].startswith("/accounts/login/")
    assert HttpPerson(site, "bob").log_in().headers["location"] == "/"


def test_a_session_that_ends_while_a_message_is_counted_writes_nothing(environment, site, bob, gardening, on_his_phone):
    bob.joins(gardening)

    with slow_counting(environment, site) as counting, during(counting, lambda: bob.says(gardening, "hi")) as answer:
        on_his_phone.post("/accounts/sessions/", session="others")

    assert answer.result().headers["location"].startswith("/accounts/login/")
    assert "hi" not in [text for _, text in on_his_phone.page(f"/groups/{gardening}/").log()]


def test_a_session_that_ends_while_its_socket_waits_to_join_joins_nothing(site, bob, gardening, on_his_phone):
    with bob.at_home() as home:
        joins = partial(home.send_json, {"type": "join_group", "data": gardening})
        answered_after(site, joins, ended_first_session)

        assert closed(home) == 4401
    assert on_his_phone.get(f"/groups/{gardening}/").status_code == 403


def test_a_session_that_ends_while_its_sockets_message_is_counted_writes_nothing(
    environment, site, bob, gardening, on_his_phone
):
    bob.joins(gardening)

    with (
        slow_counting(environment, site) as counting,
        bob.reading(gardening) as his,
        during(counting, lambda: his.says("hi")),
    ):
        on_his_phone.post("/accounts/sessions/", session="others")
        assert closed(his.socket) == 4401

    assert "hi" not in [text for _, text in on_his_phone.page(f"/groups/{gardening}/").log()]


def changes_password(person):
    return person.post("/accounts/password/", password=PASSWORD, password1=NEW, password2=NEW)


async def ended_first_session(session):
    of_bob = select(Session).where(Session.user_id == 2).order_by(Session.created_at)
    await session.delete((await session.scalars(of_bob)).first())
