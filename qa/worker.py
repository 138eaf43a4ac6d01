"""What is due: the end of hold slots. Safe to run twice, anywhere: each thing is done once, by whoever is first."""

import asyncio
from typing import Final

import structlog

from qa.actions.answers import publish_due
from qa.domain.refusals import Refused
from qa.store import answers
from qa.store.database import Database, DatabaseError
from qa.store.writer import Clock, Tx, Writer

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 0.25


async def work(database: Database, writer: Writer, clock: Clock) -> None:
    """Look for what is due, for ever. A database that is away is reported and asked again."""
    while True:
        try:
            await publish_what_is_due(database, writer, clock)
        except (DatabaseError, Refused) as error:
            log.error("worker.not_done", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


async def publish_what_is_due(database: Database, writer: Writer, clock: Clock) -> None:
    for held in await asyncio.to_thread(database.read, answers.due, clock()):

        def publish(tx: Tx, event_id: int = held.event_id, n: int = held.n, version: int = held.version) -> bool:
            return publish_due(tx, event_id, n, version) is not None

        published = await asyncio.wrap_future(writer.submit(publish))
        if published:
            log.info("worker.published", event_id=held.event_id, n=held.n, version=held.version)
