"""Accounts and what stands on their pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from qa.domain.accounts import Account, Kind
from qa.store.tables import accounts, posts
from qa.store.writer import Tx


def add(tx: Tx, account: Mapping[str, Any]) -> int:
    """Write an account (fields of `Account` but `id`) and return its id."""
    return int(tx.conn.execute(insert(accounts).values(**account).returning(accounts.c.id)).scalar_one())


def by_handle(conn: Connection, handle: str) -> Account | None:
    row = conn.execute(select(accounts).where(accounts.c.handle == handle)).mappings().first()
    return _account(row) if row else None


def every(conn: Connection) -> list[Account]:
    return [_account(row) for row in conn.execute(select(accounts).order_by(accounts.c.handle)).mappings()]


def add_post(tx: Tx, account_id: int, event_id: int, n: int) -> None:
    """Put the answer to a question on the account's page, once; later versions show in the same post."""
    there = select(posts.c.id).where(posts.c.event_id == event_id, posts.c.n == n)
    if tx.conn.execute(there).first() is None:
        tx.conn.execute(insert(posts).values(account_id=account_id, event_id=event_id, n=n, at=tx.now))


def posts_of(conn: Connection, account_id: int, limit: int) -> list[tuple[int, int, datetime]]:
    """The newest posts as (event id, question number, time)."""
    query = (
        select(posts.c.event_id, posts.c.n, posts.c.at)
        .where(posts.c.account_id == account_id)
        .order_by(posts.c.at.desc(), posts.c.id.desc())
        .limit(limit)
    )
    return [(row.event_id, row.n, row.at) for row in conn.execute(query)]


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "kind": Kind(row["kind"])})
