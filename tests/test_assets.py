"""Static files: asked for once a version, and small on the way."""

import gzip
import re

import pytest
from people import HttpPerson
from starlette.testclient import TestClient

from discussit.app import app
from discussit.assets import IMMUTABLE, version
from discussit.bundles import imports
from discussit.settings import STATIC

SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
MOST_FOR_A_PAGE = 60_000  # bytes, compressed
MOST_OF_EMOJI = 50_000  # bytes, compressed; loaded when they are first chosen from
BASE = (STATIC / "css/base.css").read_bytes()


def test_every_file_of_a_page_may_be_kept_for_good(alice, gardening):
    page = alice.get(f"/groups/{gardening}/").text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))

    answers = [alice.get(address) for address in addresses]

    assert {"bundles/js/pages/group.js", "icons.svg"} <= {address.split("/", 3)[3] for address in addresses}
    assert {(answer.status_code, answer.headers["cache-control"]) for answer in answers} == {(200, IMMUTABLE)}


def test_a_page_that_stays_open_says_which_scripts_it_comes_with(alice, gardening):
    for path, element in (("/", "groups"), (f"/groups/{gardening}/", "group")):
        asked = alice.browser.head(path)

        assert (asked.status_code, asked.headers["script-version"]) == (200, version())
        assert alice.page(path).one(element)["data-version"] == version()


def test_a_groups_page_and_all_it_needs_is_light(alice, gardening):
    alice.says(gardening, "hello")
    page = alice.get(f"/groups/{gardening}/").text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))

    needed = [page.encode(), *(alice.get(address).content for address in addresses)]

    assert sum(len(gzip.compress(each)) for each in needed) <= MOST_FOR_A_PAGE


def test_browsers_may_keep_the_emoji_for_good(alice, gardening):
    address = alice.page(f"/groups/{gardening}/").one("group")["data-emoji"]

    answer = alice.get(address, headers={"accept-encoding": "gzip"})

    assert (answer.status_code, answer.headers["cache-control"]) == (200, IMMUTABLE)
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < MOST_OF_EMOJI
    assert sum(map(len, answer.json()["groups"].values())) > 1_900


def test_every_icon_is_drawn_once():
    names = re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("script", SCRIPTS, ids=[f"{each.parent.name}/{each.name}" for each in SCRIPTS])
def test_a_modules_imports_exist(script):
    named = re.findall(r'from "(\..*)"', script.read_text())

    found = [STATIC / path for path in imports(script.relative_to(STATIC).as_posix())]

    assert {(script.parent / path).resolve() for path in named} <= set(found)
    assert all(path.is_file() for path in found)


@pytest.mark.parametrize("address", ["/static/css/base.css", "/static/0123456789ab/css/base.css"])
def test_a_file_of_no_version_or_another_is_asked_for_again(site, address):
    answer = site.get(address)

    assert answer.content == BASE
    assert answer.headers["cache-control"] == "no-cache"
    again = site.get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize("address", ["", "css", "css/", "nope.css", "../settings.py", "%00"])
def test_an_address_that_is_no_file_of_a_version_is_not_found(site, address):
    assert site.get(f"/static/{version()}/{address}").status_code == 404


def test_a_file_is_compressed_for_clients_that_accept_it(site):
    address = f"/static/{version()}/css/base.css"
    with site.stream("GET", address, headers={"accept-encoding": "gzip, br"}) as answer:
        sent = b"".join(answer.iter_raw())
    plain = site.get(address, headers={"accept-encoding": "identity"})

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(sent) == plain.content == BASE
    assert len(sent) == int(answer.headers["content-length"]) < len(BASE) / 2
    assert "content-encoding" not in plain.headers
    assert answer.headers["content-type"] == plain.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["etag"] == f"W/{plain.headers['etag']}"
    assert site.get(address, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("script", SCRIPTS, ids=[f"{each.parent.name}/{each.name}" for each in SCRIPTS])
def test_a_script_is_compressed_without_its_comments(site, script):
    address, source = f"/static/{version()}/{script.relative_to(STATIC).as_posix()}", script.read_text()

    sent = site.get(address, headers={"accept-encoding": "gzip"}).text

    for line, original in zip(sent.split("\n"), source.split("\n"), strict=True):
        is_comment = re.match(r"\s*(//|/?\*)", original) is not None
        assert line == "" if is_comment else line == original or original.startswith(f"{line} // ")
        # No text goes over several lines, of which one could look like a comment.
        assert line.count("`") % 2 == 0
    assert site.get(address, headers={"accept-encoding": "identity"}).text == source


def test_with_debug_a_page_loads_plain_files(environment):
    """A change shows at the next load. The page names beforehand all that its script will import."""
    environment.setenv("DEBUG", "true")
    with TestClient(app) as site:
        alice = HttpPerson(site, "alice")
        alice.sign_up()
        elements = alice.page("/").elements

    assert "/static/css/base.css" in {each.get("href") for each in elements if each.get("rel") == "stylesheet"}
    preloaded = [each["href"] for each in elements if each.get("rel") == "modulepreload"]
    assert preloaded == [f"/static/{each}" for each in imports("js/pages/home.js")]
    assert "/static/js/pages/home.js" in {each.get("src") for each in elements}
