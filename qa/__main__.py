"""The `qa` command: serve, look after, try out."""

import asyncio
import json
import os
from pathlib import Path

import click
import uvicorn

from qa import app, commands, logs, rehearsal, seeds, settings, worker
from qa.domain import chain
from qa.domain.messages import dumps
from qa.settings import BadSetting, Settings
from qa.store import health
from qa.store.database import Database, DatabaseError, sqlite_is_fixed
from qa.store.migrations import run as migrations
from qa.store.writer import Writer
from qa.web import record
from qa.web.present import read_present
from qa.web.site import now


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Ask the leader: public questions, answered live, kept as a record."""


def _settings() -> Settings:
    try:
        read = settings.read()
    except BadSetting as bad:
        raise click.ClickException(str(bad)) from None
    logs.set_up(read.log_level)
    return read


@main.command()
def run() -> None:
    """Everything in one process: pages, sockets and due work, on SQLite unless DATABASE_URL says otherwise."""
    _run(_settings())


def _run(read: Settings) -> None:
    migrations.upgrade(read.database_url)
    if read.database_url.startswith("sqlite") and not sqlite_is_fixed():
        click.echo(
            "Warning: this SQLite can lose writes when its log is reset; install pysqlite3 (>= 0.6.1).", err=True
        )
    uvicorn.run(app.create(read, embedded=True), **app.serving_options(read))


@main.command()
def web() -> None:
    """Web processes: pages and sockets on PORT; WEB_CONCURRENCY says how many."""
    read = _settings()
    uvicorn.run("qa.app:web", factory=True, workers=read.processes, **app.serving_options(read))


@main.command("worker")
def run_worker() -> None:
    """Due work: the end of hold slots. Several may run; each thing is done once."""
    read = _settings()
    database = Database(read.database_url)
    writer = Writer(database, now)
    try:
        asyncio.run(worker.work(database, writer, now))
    except KeyboardInterrupt:
        pass
    finally:
        writer.close()
        database.close()


@main.command()
def migrate() -> None:
    """Bring the database's schema up to date."""
    migrations.upgrade(settings.database_url())


@main.command()
@click.option("--serve", is_flag=True, help="Serve it as well, like `qa run`.")
def demo(serve: bool) -> None:
    """Fill an empty database with the demonstration, and print its addresses."""
    settings.keep_secret()
    read = _settings()
    migrations.upgrade(read.database_url)
    database = Database(read.database_url)
    try:
        world = seeds.fill(database, read)
    finally:
        database.close()
    click.echo("\nThe demonstration replays public records and is nobody's official page.\n")
    for label, path in world.addresses:
        click.echo(f"  {label:<40}{read.public_url}{path}")
    click.echo("\nThe staff of the live event, with links that sign in once (start again for new ones):\n")
    for role, name, path in world.links:
        who = f"{role}, {name}"
        click.echo(f"  {who:<40}{read.public_url}{path}")
    click.echo("")
    if serve:
        _run(read)


@main.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True)
@click.option("--viewers", default=100, show_default=True, type=click.IntRange(1, 15_000))
@click.option("--askers", default=20, show_default=True, type=click.IntRange(1, 2_000))
@click.option("--minutes", default=1.0, show_default=True, type=click.FloatRange(0.1, 240))
@click.option("--event", default=None, help="An existing rehearsal event @handle/slug; without it one is made.")
@click.option("--seed", default=1, show_default=True)
@click.option("--anywhere", is_flag=True, help="Permit an address outside this machine. Only with its owner's consent.")
@click.option("--json", "as_json", is_flag=True)
def rehearse(
    url: str,
    viewers: int,
    askers: int,
    minutes: float,
    event: str | None,
    seed: int,
    anywhere: bool,
    as_json: bool,
) -> None:
    """Play real questions and voices against a running server, and report what was lost (nothing should be)."""
    try:
        report = rehearsal.run(
            settings.database_url(),
            url=url,
            viewers=viewers,
            askers=askers,
            minutes=minutes,
            event=event,
            seed=seed,
            anywhere=anywhere,
        )
    except rehearsal.NotRehearsed as refused:
        # Another status than that of a rehearsal that found something.
        click.echo(f"Error: {refused}", err=True)
        raise SystemExit(2) from None
    click.echo(dumps(report.as_dict()) if as_json else "\n".join(report.lines()))
    if not report.clean:
        raise SystemExit(1)


@main.command()
@click.argument("address")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), default=None)
def export(address: str, form: str, output: Path | None) -> None:
    """Write the record of the event @handle/slug to a file or to standard output."""
    with commands.opened() as at:
        event = commands.event_named(at, address)
        present = at.database.read(read_present, event)
        if present is None:
            raise click.ClickException(f"{address} is a draft")
        rows = at.database.read(record.read_rows, event)
        text = record.table(rows) if form == "csv" else dumps(at.database.read(record.archive, present))
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Check a downloaded record without any server: no line changed, none taken out."""
    try:
        archive = json.loads(file.read_text(encoding="utf-8"))
        epoch, lines = archive["epoch"], archive["log"]
        found = chain.faults(epoch, lines)
    except (ValueError, KeyError, TypeError):
        raise click.ClickException(f"{file} is no record of an event") from None
    if found:
        raise click.ClickException("\n".join(["the record was changed:", *found[:20]]))
    head = lines[-1]["hash"] if lines else epoch
    click.echo(f"{len(lines)} lines, no gap, each sealed with the one before; head {head}")


@main.command()
@click.option("--json", "as_json", is_flag=True)
def doctor(as_json: bool) -> None:
    """Say what is wrong with this installation."""
    found = _complaints()
    if as_json:
        click.echo(dumps([{"level": level, "what": what} for level, what in found]))
    else:
        for level, what in found:
            click.echo(f"{level:<8} {what}")
    if any(level == "wrong" for level, _ in found):
        raise SystemExit(1)


def _complaints() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    try:
        read = settings.read()
    except BadSetting as bad:
        return [("wrong", str(bad))]
    database = Database(read.database_url)
    try:
        checks = database.read(health.checks)
        found.append(("fine", health.library(database)))
        if not checks["migrations"]:
            found.append(("wrong", "the database lacks migrations: run `qa migrate`"))
    except DatabaseError as error:
        found.append(("wrong", f"the database does not answer: {type(error).__name__}"))
    finally:
        database.close()
    if database.is_sqlite and not sqlite_is_fixed():
        found.append(("careful", "this SQLite can lose writes when its log is reset: install pysqlite3 (>= 0.6.1)"))
    if database.is_sqlite and read.processes > 1:
        found.append(("careful", "several web processes on SQLite take turns at writing; PostgreSQL does not need to"))
    if read.processes > 1 and not read.redis_url:
        seconds = read.poll_seconds
        found.append(
            ("careful", f"no REDIS_URL: the processes poll, an answer reaches viewers up to {seconds} s later")
        )
    if not read.https and read.host not in {"127.0.0.1", "localhost"}:
        found.append(("careful", "PUBLIC_URL is not https: cookies and answers can be read on the way"))
    if not os.access(".", os.W_OK) and database.is_sqlite:
        found.append(("wrong", "this folder can't be written to"))
    return found


for group in (commands.account, commands.event, commands.people, commands.token):
    main.add_command(group)

if __name__ == "__main__":
    main()
