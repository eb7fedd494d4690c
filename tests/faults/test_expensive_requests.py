"""Requests that are cheap to send and expensive to answer: the process answers nothing else meanwhile."""

import time
from contextlib import contextmanager

import pytest
from people import PASSWORD, HttpPerson

LIMIT = 1  # seconds of a processor
# Normalizing sorts marks, in time quadratic in the number of those that are in disorder.
DISORDER = "a" + "\u0301" * 20_000 + "\u0316" * 20_000


@contextmanager
def cheap():
    before = time.process_time()
    yield
    assert time.process_time() - before < LIMIT


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
def test_a_name_of_unordered_marks_is_refused_quickly(site, alice, path):
    with cheap():
        answer = HttpPerson(site, "mallory").post(
            path, username=DISORDER, password=PASSWORD, password1=PASSWORD, password2=PASSWORD
        )

    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["other", "discussit_session", "discussit_device"])
def test_a_cookie_of_escapes_is_read_quickly(site, name):
    with cheap():
        answer = HttpPerson(site, "mallory").get(
            "/accounts/login/", headers={"cookie": f'{name}="' + "\\" * 40_000 + '"'}
        )

    assert answer.status_code == 200


def test_a_form_is_decoded_quickly(site):
    part = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\na-' + b"a" * 500_000 + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x; charset=punycode"

    with cheap():
        answer = HttpPerson(site, "mallory").browser.post(
            "/accounts/login/", content=part, headers={"content-type": kind}
        )

    assert answer.status_code == 400


@pytest.mark.parametrize("body", [b"&" * 1_000_000, b"username=" + b"%" * 1_000_000], ids=["empty fields", "escapes"])
def test_a_form_is_parsed_quickly(site, body):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    mallory = HttpPerson(site, "mallory")

    with cheap():
        answers = [mallory.browser.post("/accounts/login/", content=body, headers=kind) for _ in range(8)]

    assert {answer.status_code for answer in answers} == {400}
