"""A superuser whose rights end while a request waits does nothing more."""

from contextlib import contextmanager

import pytest
from administrators import NEW_PASSWORD, create, delete, edit, listed
from people import PASSWORD
from sqlalchemy import Engine, event, select
from waits import Halt, answered_after, closed, demoted, during, logged_out, slow_hashing

from discussit.models import Group, Membership, Message, User

ACTS = {
    "creates an account": lambda alice: create(alice, "user", username="mallory", password=PASSWORD, is_superuser="on"),
    "promotes": lambda alice: edit(alice, "user", "2", username="bob", is_superuser="on"),
    "sets a password": lambda alice: edit(alice, "user", "2", username="bob", password=NEW_PASSWORD),
    "closes an account": lambda alice: delete(alice, "user", "2"),
    "creates a group": lambda alice: create(alice, "group", name="Mine"),
    "creates a group at home": lambda alice: alice.post("/groups/", name="Mine"),
    "renames a group": lambda alice: edit(alice, "group", "1", name="Mine"),
    "deletes a group": lambda alice: delete(alice, "group", "1"),
    "adds a member": lambda alice: create(alice, "membership", group="1", user="carol"),
    "removes a member": lambda alice: delete(alice, "membership", "1;2"),
    "deletes a message": lambda alice: delete(alice, "message", "1;3"),
}
LOSSES = {"demoted": (demoted, 403), "closed": (closed, 303), "logged out": (logged_out, 303)}


@pytest.fixture
def administrators_create(environment):
    """Only administrators create groups. Before `site` among a test's fixtures."""
    environment.setenv("GROUP_CREATION", "administrators")


@pytest.fixture
def full_garden(alice, bob, together):
    """Something of every section."""
    bob.says(together, "hi")
    create(alice, "user", username="carol", password=PASSWORD)


@pytest.mark.usefixtures("administered")
@pytest.mark.parametrize(("loss", "status"), LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_superuser_who_is_one_no_longer_changes_nothing(
    administrators_create, site, state, alice, full_garden, logged, act, loss, status
):
    before, _ = others(site, state), logged()

    answer = answered_after(site, lambda: act(alice), loss)

    assert (answer.status_code, is_login(answer)) == (status, status == 303)
    assert others(site, state) == before
    assert [line for _, line in logged() if " done " in line] == []


def test_a_superuser_who_is_demoted_while_a_password_is_hashed_creates_nobody(environment, alice, bob):
    edit(alice, "user", "2", username="bob", is_superuser="on")

    with slow_hashing(environment) as hashing, during(hashing, lambda: ACTS["creates an account"](alice)) as answer:
        edit(bob, "user", "1", username="alice")

    assert answer.result().status_code == 403
    assert listed(bob, "user") == ["1", "2"]


@pytest.mark.sqlite  # elsewhere a read that is held up here would hold up everything
@pytest.mark.parametrize(("loss", "status"), LOSSES.values(), ids=LOSSES)
def test_a_superuser_who_is_one_no_longer_is_given_no_reset_link(site, state, alice, bob, loss, status):
    alice.get("/admin/")

    with slow_reading_of_users() as reading, during(reading, lambda: alice.post("/admin/user/reset/2")) as answer:
        site.portal.call(changed, state.database, loss)

    assert (answer.result().status_code, is_login(answer.result())) == (status, status == 303)
    assert "/accounts/reset/" not in answer.result().text


def is_login(answer):
    return answer.headers.get("location", "").startswith("/accounts/login/")


async def changed(database, change):
    async with database.transaction() as session:
        await change(session)


def others(site, state):
    """What there is, apart from alice and what is hers."""
    columns = (
        select(Group.id, Group.name),
        select(User.id, User.username, User.is_superuser, User.password).where(User.id != 1),
        select(Membership.group_id, Membership.user_id).where(Membership.user_id != 1),
        select(Message.seq, Message.content),
    )
    return site.portal.call(state.database.run_read, lambda session: [session.execute(each).all() for each in columns])


@contextmanager
def slow_reading_of_users():
    halt = Halt()

    def hold(_connection, _cursor, statement, *_details):
        if "FROM users" in statement and not halt.is_reached.is_set():
            halt.wait()

    event.listen(Engine, "before_cursor_execute", hold)
    yield halt
    event.remove(Engine, "before_cursor_execute", hold)
