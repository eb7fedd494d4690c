"""Health checks: whether the process runs, and whether what it needs answers."""

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from discussit.database import DATABASE_ERRORS, Database, log_failure
from discussit.schema import SchemaError, check_answer
from discussit.site import site_of

logger = logging.getLogger(__name__)


async def healthy(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def ready(request: Request) -> Response:
    """200 if bus and database answer, else 503; which is down, as a read-only PostgreSQL is; the lag in seconds."""
    site = site_of(request)
    found = {"database": await _answers(site.database), "bus": site.running.is_set() and site.bus.is_connected}
    status = {name: "ok" if is_ok else "down" for name, is_ok in found.items()}
    return JSONResponse(status | {"lag": round(site.hub.polling.lag, 1)}, 200 if all(found.values()) else 503)


async def _answers(database: Database) -> bool:
    try:
        await database.run_read(lambda session: check_answer(session.connection()))
    except SchemaError as error:
        logger.warning("%s", error)
        return False
    except DATABASE_ERRORS as error:
        log_failure(logger, "the database does not answer", error)
        return False
    return True
