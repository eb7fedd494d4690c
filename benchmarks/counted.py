"""`discussit serve` that notes how many entries each transaction wrote: counted.py FILE [ARGUMENT…]"""

import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session, UOWTransaction

from discussit.cli import main
from discussit.models import Entry

sizes = Path(sys.argv[1]).open("a", buffering=1)


@event.listens_for(Session, "after_flush")
def note(session: Session, _context: UOWTransaction) -> None:
    if written := sum(isinstance(row, Entry) for row in session.new):
        sizes.write(f"{written}\n")


main(["serve", *sys.argv[2:]])
