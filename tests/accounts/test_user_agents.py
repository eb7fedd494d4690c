import pytest

from discussit.accounts.user_agents import in_words

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
DEVICES = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0": "Firefox on Linux",
    "Mozilla/5.0 (Android 16; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0": "Firefox on Android",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/141.0.0.0 Safari/537.36": "Chrome on Windows",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/141.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0": "Edge on Windows",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/141.0.0.0 Safari/537.36": "Chrome on Linux",
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": (
        "Samsung Internet on Android"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15": (
        "Safari on macOS"
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 CriOS/141.0 Mobile Safari/604.1": (
        "Chrome on iPhone"
    ),
    "curl/8.5.0": "curl",
    "python-httpx/0.28.1": "python-httpx",
    "": "Unknown device",
    "<script>": "Unknown device",
    "x" * 300: "x" * 40,
}


@pytest.mark.parametrize(("user_agent", "words"), DEVICES.items())
def test_a_device_is_named_in_words(user_agent, words):
    assert in_words(user_agent) == words
