"""Names of browsers and systems, from User-Agent headers."""

import re

# The first match counts: most browsers also name older ones.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
PROGRAM = re.compile(r"[A-Za-z][\w.-]{0,39}")


def in_words(user_agent: str) -> str:
    """Browser and system, such as "Firefox on Linux", or the name of a program."""
    browser, system = _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    program = PROGRAM.match(user_agent)
    return browser or system or (program[0] if program else "Unknown device")


def _first(names: dict[str, str], user_agent: str) -> str:
    return next((name for sign, name in names.items() if sign in user_agent), "")
