"""What a superuser does in the administration, and what it answers."""

import re

WITH_FORMS = ("user", "group", "membership")
SECTIONS = (*WITH_FORMS, "message", "event")
NEW_PASSWORD = "another horse entirely"
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


def create(person, section, **fields):
    return person.post(f"/admin/{section}/create", **fields)


def edit(person, section, key, **fields):
    return person.post(f"/admin/{section}/edit/{key}", **fields)


def delete(person, section, *keys, **options):
    return person.browser.post(f"/admin/{section}/delete?pks={','.join(keys)}", **options)


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
