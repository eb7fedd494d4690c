"""Runs `discussit serve`, and logs how many entries each transaction writes: counted.py FILE [ARGUMENT…]"""

import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession

from discussit.cli import main
from discussit.log.write import CommittedChanges


def serve(file: str, *arguments: str) -> None:
    with Path(file).open("a", buffering=1) as sizes:

        @event.listens_for(OrmSession, "before_commit")
        def note(session: OrmSession) -> None:
            if entries := sum(map(len, session.info.get("changes", CommittedChanges()).entries.values())):
                sizes.write(f"{entries}\n")

        main(["serve", *arguments])


serve(*sys.argv[1:])
