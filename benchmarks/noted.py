"""Runs uvicorn, and writes a byte for each statement that it sends to a database: noted.py FILE [ARGUMENT…]"""

import sys
from pathlib import Path

import uvicorn
from sqlalchemy import Engine, event


def serve(file: str, *arguments: str) -> None:
    with Path(file).open("ab", buffering=0) as statements:

        @event.listens_for(Engine, "before_cursor_execute")
        def note(*_details: object) -> None:
            statements.write(b".")

        uvicorn.main(["discussit.app:app", "--no-access-log", *arguments])


serve(*sys.argv[1:])
