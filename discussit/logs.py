"""DiscussIt's own log lines, where a server's configuration shows none: on standard error, with the time."""

import logging

FORMAT = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")


def show() -> None:
    """Show this process's lines from INFO on, unless the operator's configuration handles them.

    By default Python shows only warnings, and no time: the security log needs both.
    """
    ours = logging.getLogger("discussit")
    if not (ours.hasHandlers() or logging.getLogger("discussit.security").handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(FORMAT)
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)


def is_uvicorn() -> bool:
    """Whether this process serves by uvicorn, which configures the loggers of its own. TestClient does not."""
    return bool(logging.getLogger("uvicorn").handlers)
