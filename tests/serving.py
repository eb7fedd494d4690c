"""pytest's --serving: in which of its two ways the real servers of the tests serve."""

import servers


def pytest_addoption(parser):
    parser.addoption(
        "--serving",
        choices=servers.WAYS,
        default="uvicorn",
        help="what real servers run: `uvicorn discussit.app:app`, or `discussit serve` (default: %(default)s)",
    )


def pytest_configure(config):
    servers.Server.way = config.getoption("serving")
