"""What a superuser does in the administration, and what it answers."""

import re

from people import Page

WITH_FORMS = ("user", "group", "membership")
SECTIONS = (*WITH_FORMS, "message", "event", "change", "group-change")
NEW_PASSWORD = "another horse entirely"
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


def create(person, section, **fields):
    return person.post(f"/admin/{section}/create", **fields)


def edit(person, section, key, **fields):
    return person.post(f"/admin/{section}/edit/{key}", **fields)


def delete(person, section, *keys, **options):
    return person.browser.post(f"/admin/{section}/delete?pks={','.join(keys)}", **options)


def opened(person, section, key):
    """The values of a row's edit form."""
    return values(person.get(f"/admin/{section}/edit/{key}"))


def question(person, section, keys):
    """The values of the form that asks whether to delete these rows."""
    return values(person.get(f"/admin/{section}/delete?pks={keys}"))


def values(response):
    """What the form in the page's middle would send; nothing without one. Passwords and empty boxes are left out."""
    inputs = [each for each in Page(response.text).within("content") if each.tag == "input"]
    sent = [each for each in inputs if "checked" in each.attributes or each["type"] not in ("checkbox", "password")]
    return {each["name"]: each.get("value") or "on" for each in sent}


def listed(person, section, **query):
    """The keys of the rows that a list shows."""
    page = person.get(f"/admin/{section}/list", params=query).text
    return re.findall(rf'href="/admin/{section}/details/([\d;]+)">View', page)


def key_of(person, section, search):
    (key,) = listed(person, section, search=search)
    return key


def errors(response):
    assert response.status_code == 400
    return dict(re.findall(r'<p class="field-error" id="error-(\w+)">(.*?)</p>', response.text))


def notice(response):
    assert response.status_code == 400
    return re.search(r'role="alert">(.*?)</p>', response.text)[1]
