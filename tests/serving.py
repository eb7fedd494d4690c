"""Real servers of the tests: in which of their two ways they serve, and what they logged when a test failed."""

import pytest
import servers

TAIL = 10_000  # characters of a log that a report shows


def pytest_addoption(parser):
    parser.addoption(
        "--serving",
        choices=servers.WAYS,
        default="uvicorn",
        help="what real servers run: `uvicorn discussit.app:app`, or `discussit serve` (default: %(default)s)",
    )


def pytest_configure(config):
    servers.Server.way = config.getoption("serving")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    folder = item.funcargs.get("tmp_path")
    if report.failed and folder is not None:
        for log in sorted(folder.rglob("server.log")):
            report.sections.append((str(log.relative_to(folder)), log.read_text(errors="replace")[-TAIL:]))
    return report
