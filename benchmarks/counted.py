"""Runs `discussit serve`, and logs how many entries each transaction writes: counted.py FILE [ARGUMENT…]"""

import sys
from pathlib import Path

from discussit.cli import main
from discussit.delivery.hub import Hub
from discussit.log.committed import CommittedChanges


def serve(file: str, *arguments: str) -> None:
    publish = Hub.publish
    with Path(file).open("a", buffering=1) as sizes:

        def note(hub: Hub, changes: CommittedChanges) -> None:
            if entries := sum(map(len, changes.entries.values())):
                sizes.write(f"{entries}\n")
            publish(hub, changes)

        Hub.publish = note  # type: ignore[method-assign]
        main(["serve", *arguments])


serve(*sys.argv[1:])
