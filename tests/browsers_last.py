"""Playwright's event loop keeps running in a process that started it: no asynchronous test can run there afterwards."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: "playwright" in item.fixturenames)
