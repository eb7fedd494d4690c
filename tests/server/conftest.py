"""The server of these tests: real connections, in the test's own loop."""

import pytest
from answering import serving


@pytest.fixture
async def server():
    """What a uvicorn server with our protocols holds; its `port`."""
    async with serving(log_config=None) as server:
        yield server


@pytest.fixture
def served(server):
    """Its port."""
    return server.config.port
