"""Bundles: a page's styles as one file, its modules as one script, under addresses that say what they are made of."""

import re

import pytest

from discussit.assets import IMMUTABLE, REVALIDATE, version
from discussit.bundles import imports
from discussit.settings import STATIC

MOST_FOR_A_GROUP = 45_000  # bytes of scripts and styles, compressed
STYLES = "bundles/css/reset+base.css"
SCRIPT = "bundles/js/pages/group.js"
OTHER = "0123456789ab"  # a version


def loaded_by(page):
    """The addresses of a page's scripts and style sheets. What a <template> has is loaded later, if at all."""
    page = re.sub(r"<(template|noscript).*?</\1>", "", page, flags=re.DOTALL)
    return re.findall(r'<(?:link rel="stylesheet" href|link rel="modulepreload" href|script [^>]*src)="([^"]+)"', page)


def test_a_groups_page_loads_few_and_light_files(alice, gardening):
    files = loaded_by(alice.get(f"/groups/{gardening}/").text)

    assert len(files) == 3
    assert sum(size_of(alice, file) for file in files) <= MOST_FOR_A_GROUP


def size_of(person, address):
    answer = person.get(address, headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    return int(answer.headers["content-length"])


@pytest.mark.parametrize(
    "path", ["/", "/groups/", "/accounts/sessions/", "/accounts/settings/", "/invitations/", "/admin/user/list"]
)
def test_a_page_has_one_script_at_most(alice, path):
    """Two would each have their own of the modules that both import."""
    files = loaded_by(alice.get(path).text)

    assert len([file for file in files if file.endswith(".js")]) <= 1
    assert {alice.get(file).status_code for file in files} == {200}


def test_styles_follow_each_other_as_they_are_named(site):
    styles = site.get(f"/static/{version()}/{STYLES}").text

    assert styles.startswith("@layer reset, base, components;")
    assert re.findall(r"@layer (\w+)\{", styles) == ["reset", "base"]


@pytest.mark.parametrize("sheet", sorted((STATIC / "css").iterdir()), ids=lambda sheet: sheet.stem)
def test_a_style_sheet_may_be_in_a_bundle(sheet):
    """Which is in another folder, and without comments and most spaces."""
    styles = sheet.read_text()

    assert re.findall(r"url\(|@import|@charset", styles) == []
    assert [
        text for text in re.findall(r'"[^"]*"', re.sub(r"/\*.*?\*/", "", styles)) if set(text) & set("{};\n*")
    ] == []


def test_a_script_contains_all_that_it_imports(site):
    script = site.get(f"/static/{version()}/{SCRIPT}").text

    assert "class Socket {" in script
    assert re.findall(r"^(?:import|export (?!\{ \$))\b.*", script, re.MULTILINE) == []
    assert "@param" not in script


def test_a_scripts_map_leads_to_its_sources(site):
    address = f"/static/{version()}/{SCRIPT}"
    named = re.search(r"//# sourceMappingURL=(\S+)\n$", site.get(address).text)[1]

    mapped = site.get(f"{address.rpartition('/')[0]}/{named}").json()

    sources = [section["map"]["sources"][0] for section in mapped["sections"]]
    assert sources == [f"../../../{each}" for each in [*imports("js/pages/group.js"), "js/pages/group.js"]]
    assert site.get(f"/static/{version()}/bundles/js/pages/{sources[0]}").status_code == 200


@pytest.mark.parametrize("path", [STYLES, SCRIPT, f"{SCRIPT}.map"])
def test_a_bundle_is_sent_as_a_file_is(site, path):
    address = f"/static/{version()}/{path}"
    packed = site.get(address, headers={"accept-encoding": "gzip"})
    plain = site.get(address, headers={"accept-encoding": "identity", "range": "bytes=0-9"})
    head = site.head(address)

    assert packed.content == plain.content
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["cache-control"] == plain.headers["cache-control"] == IMMUTABLE
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    assert (plain.status_code, plain.headers["accept-ranges"], plain.headers["vary"]) == (
        200,
        "none",
        "Accept-Encoding",
    )
    assert (head.status_code, head.headers["etag"]) == (200, packed.headers["etag"])


def test_a_later_script_is_only_found_for_the_script_that_it_was_made_with(site):
    folder = f"/static/{OTHER}/bundles/js/pages"
    (address,) = set(re.findall(r'import\("\./(group\.later\.js\?[^"]+)"\)', site.get(f"{folder}/group.js").text))

    assert site.get(f"{folder}/{address}").status_code == 200
    assert site.get(f"{folder}/group.later.js?{OTHER}").status_code == 404


@pytest.mark.parametrize("folder", ["", f"{OTHER}/"])
def test_a_bundle_of_no_version_or_another_is_asked_for_again(site, folder):
    answer = site.get(f"/static/{folder}{SCRIPT}")

    assert (answer.status_code, answer.headers["cache-control"]) == (200, REVALIDATE)
    again = site.get(f"/static/{folder}{SCRIPT}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"], again.content) == (304, REVALIDATE, b"")


def test_a_page_of_another_version_gets_the_styles_that_there_are(site):
    answer = site.get(f"/static/{OTHER}/bundles/css/reset+not-yet+base.css")

    assert answer.text == site.get(f"/static/{version()}/{STYLES}").text
    assert answer.headers["cache-control"] == REVALIDATE
    assert site.get(f"/static/{OTHER}/bundles/css/not-yet.css").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("", "css", "css/", "css/.css", "css/+.css", "css/reset", "css/reset.js", "css/nope.css"),
        *("css/reset+nope.css", "css/reset+base+reset.css", "css/reset++base.css"),
        *("css/reset+reset.css", "css/" + "reset+" * 9_000 + "base.css", "css/..%2freset.css", "css/%00.css"),
        *(
            "js",
            "js/pages",
            "js/pages/nope.js",
            "js/pages/group.js.map.map",
            "js/pages/group.map",
            "js/pages/sessions.later.js",
            "icons.svg",
        ),
        *("js/..%2f..%2fdiscussit/app.js", "%2e%2e/%2e%2e/pyproject.toml", "//etc/passwd", "css/base.css.map"),
    ],
    ids=lambda path: path[:40],
)
def test_what_is_no_bundle_is_not_found(site, path):
    assert site.get(f"/static/{version()}/bundles/{path}").status_code == 404


def test_a_bundle_is_only_read(site):
    assert site.post(f"/static/{version()}/{SCRIPT}").status_code == 405
