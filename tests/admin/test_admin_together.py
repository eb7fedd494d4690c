"""Several rows, and several people, at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from administrators import create, delete, edit, listed
from anyio import create_task_group
from sqlalchemy import select
from waits import one_waits

from discussit.accounts.current_user import NotLoggedIn
from discussit.admin.users import UserView
from discussit.models import User


def test_several_rows_are_asked_about_once_and_deleted_together(alice):
    for name in ("Cooking", "Baking", "Sailing"):
        create(alice, "group", name=name)

    question = alice.get("/admin/group/delete?pks=1&pks=3").text
    assert "Delete 2 groups?" in question
    assert listed(alice, "group") == ["1", "2", "3"]

    delete(alice, "group", "1", "3")
    assert listed(alice, "group") == ["2"]


def test_a_question_about_no_row_leads_back_to_the_list(alice):
    assert alice.get("/admin/group/delete").headers["location"] == "/admin/group/list"


def test_the_method_delete_is_answered_with_the_lists_address(alice, gardening):
    response = alice.browser.request("DELETE", "/admin/group/delete?pks=1")

    assert (response.status_code, response.text) == (200, "/admin/group/list")
    assert listed(alice, "group") == []


async def test_of_two_superusers_who_close_each_other_one_does(world):
    view, of_alice = UserView(world.database), await world.administrator(world.alice)
    of_bob = await world.administrator(world.bob)

    async with create_task_group() as tasks, view.removing(of_alice, ["2"]) as (session, (bob,)):
        tasks.start_soon(is_refused, view, of_bob)
        await one_waits(world.database, session)
        await view.remove(session, of_alice, [bob])

    assert await superusers(world) == ["alice"]


async def is_refused(view, request):
    with pytest.raises(NotLoggedIn):
        await view.removing(request, ["1"]).__aenter__()


async def superusers(world):
    names = select(User.username).where(User.is_superuser)
    return await world.database.run_read(lambda session: session.scalars(names).all())


def test_readers_writers_and_the_administration_do_not_delay_each_other(alice, bob, together):
    def act(n):
        if n % 4 == 0:
            return edit(alice, "group", "1", name=f"Gardening {n}").status_code
        if n % 4 == 1:
            return bob.says(together, f"message {n}").status_code
        return alice.get("/admin/message/list" if n % 4 == 2 else f"/groups/{together}/").status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(act, range(40)))

    assert statuses == [303, 303, 200, 200] * 10
    messages, renames = listed(alice, "message"), listed(alice, "group-change")
    assert len(messages) == len(renames) == 10
    assert {*messages, *renames} == {f"1;{seq}" for seq in range(3, 23)}
