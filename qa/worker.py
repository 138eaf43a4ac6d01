"""What is due: the end of hold slots. Safe to run twice, anywhere: each thing is done once, by whoever is first."""

import asyncio
from typing import Final

import structlog

from qa.actions.answers import publish_due
from qa.domain.answers import Answer
from qa.store import answers
from qa.store.database import Database, DatabaseError
from qa.store.writer import Clock, Writer

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.25


async def work(database: Database, writer: Writer, clock: Clock) -> None:
    """Look for what is due, for ever. A database that is away is reported and asked again."""
    while True:
        try:
            await publish_what_is_due(database, writer, clock)
        except DatabaseError as error:
            log.error("worker.database", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def publish_what_is_due(database: Database, writer: Writer, clock: Clock) -> None:
    """Publish the answers whose hold slot is over."""
    for held in await asyncio.to_thread(database.read, answers.due, clock()):
        await _publish(writer, held)


async def _publish(writer: Writer, held: Answer) -> None:
    try:
        published = await asyncio.wrap_future(
            writer.submit(lambda tx: publish_due(tx, held.event_id, held.n, held.version), held.event_id)
        )
    except Exception:
        # One answer's fault must not keep the later ones in their hold slots.
        log.exception("worker.fault", event_id=held.event_id, n=held.n, version=held.version)
    else:
        if published:
            log.info("worker.published", event_id=held.event_id, n=held.n, version=held.version)
