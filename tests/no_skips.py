"""With CI=true a skipped test is a failure: a machine that lacks an engine or a browser must not look green."""

import os

import pytest


def pytest_report_header() -> str | None:
    return "CI: a skipped test fails" if skips_fail() else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    return without_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    return without_skip((yield))


def without_skip(report):
    if skips_fail() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} was skipped, which CI=true does not allow\n{reason(report)}"
    return report


def skips_fail() -> bool:
    return os.environ.get("CI") == "true"


def reason(report) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
