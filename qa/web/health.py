"""`/healthz`: the process is alive. `/readyz`: it can do its work."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from qa.store import health
from qa.store.database import DatabaseError
from qa.web.site import read, site_of


async def alive(request: Request) -> Response:
    return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """200 if the database answers, has every migration, and the log is being followed; else 503. Says what is not."""
    site = site_of(request)
    try:
        checks = await read(request, health.checks)
    except DatabaseError:
        checks = {"database": False}
    checks["log_followed"] = site.following()
    ready_now = all(checks.values())
    body = {"status": "ready" if ready_now else "not ready", "checks": checks, "library": health.library(site.database)}
    return JSONResponse(body, 200 if ready_now else 503, headers={"Cache-Control": "no-store"})
