"""With CI=true a browser's test that fails runs once more, since real browsers depend on what else the machine does.

How it failed the first time is shown at the end in any case. Nothing else runs twice."""

import os

import pytest


def pytest_collection_modifyitems(items):
    if os.environ.get("CI") != "true":
        return
    for item in items:
        if "playwright" in item.fixturenames:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"first attempt of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
