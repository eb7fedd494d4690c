"""What a client prefers, as headers such as Accept and Accept-Encoding say (RFC 9110, 12.4.2, 12.5.1 and 12.5.3)."""

import re

from starlette.datastructures import Headers

MAX_LENGTH = 1_000  # characters of a header that are read, several times those that browsers send
WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)


def accepts_gzip(headers: Headers) -> bool:
    """Whether to compress: the client accepts gzip, and would not rather have the content as it is.

    Without the header anything would be right; then the content stays as it is, as it does for an empty one. A client
    that refuses both (`*;q=0`) gets it as it is.
    """
    weights = _weights(headers, "accept-encoding")
    anything = weights.get("*", 0.0)
    gzip = max(weights.get("gzip", 0.0), weights.get("x-gzip", 0.0))
    if not weights.keys() & {"gzip", "x-gzip"}:
        # A client that refuses only `identity` has to be sent something else.
        gzip = anything if "*" in weights else float(weights.get("identity") == 0)
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def prefers(headers: Headers, wanted: str, other: str) -> bool:
    """Whether the client names the media type `wanted`, and prefers it to `other`."""
    weights = _weights(headers, "accept")
    kind = other.partition("/")[0]
    if weights.get(wanted, 0.0) == 0:
        return False
    if other in weights:
        return weights[wanted] > weights[other]
    return weights[wanted] >= weights.get(f"{kind}/*", weights.get("*/*", 0.0))


def _weights(headers: Headers, name: str) -> dict[str, float]:
    """The weight of each element in lower case, in all of the header's lines: 1 without one, 0 if it is malformed."""
    weights: dict[str, float] = {}
    for element in ",".join(headers.getlist(name))[:MAX_LENGTH].split(","):
        value, *parameters = ("".join(part.split()).lower() for part in element.split(";"))
        weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        if value:
            weights[value] = float(weight) if WEIGHT.fullmatch(weight) else 0.0
    return weights
