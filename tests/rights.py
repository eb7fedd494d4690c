"""What people with rights do in groups, by the forms of the pages: `bob.post(…)` in the words of the tests."""

from people import HttpPerson
from sqlalchemy import update

from discussit.models import Group, Membership


def arrive(site, *names):
    """People who have just signed up."""
    people = [HttpPerson(site, name) for name in names]
    for person in people:
        person.sign_up()
    return people


def add(person, group, *names, **fields):
    return person.browser.post(f"/groups/{group}/members/", data={"username": list(names)} | fields)


def remove(person, group, name):
    return person.post(f"/groups/{group}/members/remove/", username=name)


def promote(person, group, name, role, **fields):
    """Give the member another role, of whatever rank."""
    return person.post(f"/groups/{group}/members/role/", username=name, role=role, **fields)


def settle(person, group, **fields):
    """Change the group's settings."""
    return person.post(f"/groups/{group}/settings/", **fields)


def entries(person, group):
    """The group's log, as far as the member may read it."""
    return person.get(f"/groups/{group}/entries/?since=0").json()


def changes(person, group):
    """The one-line texts of everything in the log but messages."""
    return [each["message"] for each in entries(person, group) if each["type"] != "text_message"]


def roles(person, group):
    """Name → role, in the order of the page of members; empty for ordinary members."""
    page = person.page(f"/groups/{group}/members/")
    marks = {each.parents[-1]["data-name"]: each.text for each in page.elements if each.get("class") == "member-role"}
    return {row["data-name"]: marks.get(row["data-name"], "") for row in page.elements if row.get("data-name")}


async def disown(database):
    """Have no group an owner, or ever have had one: as groups from before there were owners."""
    async with database.transaction() as session:
        await session.execute(update(Membership).values(role="member"))
        await session.execute(update(Group).values(had_owner=False))
