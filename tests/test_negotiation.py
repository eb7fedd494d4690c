"""What a client prefers: weights, wildcards, several lines."""

import pytest
from starlette.datastructures import Headers

from discussit.negotiation import prefers

FILE = "/static/css/base.css"


def is_compressed(site, *lines):
    answer = site.send(site.build_request("GET", FILE, headers=[("accept-encoding", line) for line in lines]))
    assert answer.status_code == 200
    assert "@layer" in answer.text
    return answer.headers.get("content-encoding") == "gzip"


@pytest.mark.parametrize(
    "lines",
    [
        ["gzip"],
        ["GZIP"],
        ["x-gzip"],
        ["X-GZip;Q=0.5"],
        ["*"],
        ["br, *;q=0.1"],
        ["gzip;q=0.001"],
        ["gzip ; q=1.000"],
        ["br;q=1.0, gzip;q=0.8, identity;q=0.5"],
        ["identity;q=0"],
        ["identity;q=0, *"],
        ["*;q=0, gzip"],
        ["br", "gzip"],
        ["gzip, deflate, br, zstd"],
    ],
)
def test_a_file_is_compressed_for_clients_that_accept_gzip(site, lines):
    assert is_compressed(site, *lines)


@pytest.mark.parametrize(
    "lines",
    [
        [""],
        ["identity"],
        ["br"],
        ["gzip;q=0"],
        ["gzip;q=0.000"],
        ["gzip;Q=0."],
        ["gzip ;\tq=0"],
        ["gzip; q = 0"],
        ["GZIP;q=0, *"],
        ["x-gzip;q=0"],
        ["*;q=0"],
        ["*;q=0, identity"],
        ["gzip;q=0, identity;q=0"],
        ["gzip;q=0.5, identity"],
        ["gzip;q=nonsense"],
        ["gzip;q=-1"],
        ["gzip;q=2"],
        ["gzip;q=nan"],
        ["br", "gzip;q=0"],
        ["gzippy"],
        ["not-gzip"],
        [", ;q=1,"],
    ],
)
def test_a_file_is_not_compressed_for_clients_that_do_not_want_gzip(site, lines):
    assert not is_compressed(site, *lines)


@pytest.mark.parametrize("value", ["items=0-5", "bytes=abc", "bytes=5-2", "bytes=0-3", "bytes=99999999-", "x"])
@pytest.mark.parametrize("path", [FILE, "/favicon.ico"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_range_is_ignored(site, value, path, encoding):
    answer = site.get(path, headers={"range": value, "accept-encoding": encoding})

    assert (answer.status_code, answer.content) == (200, site.get(path).content)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SCRIPTS = [
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json, text/plain, */*",
    "application/json;q=0.9, text/html;q=0.8",
    "application/json, text/*",
]
OTHERS = [
    "",
    "*/*",
    "text/html",
    BROWSER,
    "application/json;q=0, */*",
    "text/html, application/json;q=0.9",
    "application/*",
]


@pytest.mark.parametrize("accept", SCRIPTS)
def test_a_script_that_accepts_json_is_answered_in_json(site, gardening, accept):
    answer = site.post(f"/groups/{gardening}/messages/", data={"message": "hello"}, headers={"accept": accept})

    assert answer.status_code == 401


@pytest.mark.parametrize("accept", OTHERS)
def test_everybody_else_is_led_to_the_login(site, gardening, accept):
    headers = {"accept": accept}
    answer = site.post(
        f"/groups/{gardening}/messages/", data={"message": "hello"}, headers=headers, follow_redirects=False
    )

    assert answer.status_code == 303


def test_several_lines_are_one_list():
    headers = Headers(raw=[(b"accept", b"text/html;q=0.5"), (b"accept", b"application/json")])

    assert prefers(headers, "application/json", "text/html")
