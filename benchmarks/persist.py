"""How many messages a second are acknowledged and committed, and how long one sender waits for its ack.

`python benchmarks/persist.py`: a real `discussit serve` in a process of its own, loaded through
WebSockets of `discussit.v1`; SQLite with synchronous=FULL; about half a minute.
"""

import asyncio
import json
import resource
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop
from servers import HERE, Person, Server, running, table
from sockets import Socket

ROUNDS = 3
SECONDS = 4  # of load in a round
SINGLES = 100  # messages in a round that wait for each other
IN_FLIGHT = 50
EXPECTED = {"rate": 4_000, "ack": 5.0}  # at least, a second; at most, milliseconds
