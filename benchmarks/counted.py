"""`discussit serve` that notes how many entries each transaction writes: counted.py FILE [ARGUMENT…]"""

import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from discussit.cli import main
from discussit.models import Entry


def serve(file: str, *arguments: str) -> None:
    with Path(file).open("a", buffering=1) as sizes:

        @event.listens_for(Session, "after_flush")
        def note(session: Session, _context: UOWTransaction) -> None:
            if written := sum(isinstance(row, Entry) for row in session.new):
                sizes.write(f"{written}\n")

        main(["serve", *arguments])


serve(*sys.argv[1:])
