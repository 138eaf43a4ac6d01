"""Every route and socket against everybody: nobody, an asker, staff of another event, a colleague, the right one."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest
from sqlalchemy import text
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from qa.actions.staff import make_token
from qa.domain.permissions import Permission, Role
from qa.domain.questions import Action
from qa.routes import Row, Who, table
from qa.store.tables import metadata
from qa.wires import Wires
from tests.serving import Served
from tests.web.conftest import signed_in
from tests.world import World, key

# Who holds a permission, and a colleague who does not; written from the product's list of roles.
HOLDERS = {
    Permission.DESK: (Role.INTERPRETER, None),
    Permission.WRITE: (Role.EDITOR, Role.MODERATOR),
    Permission.PUBLISH: (Role.EDITOR, Role.MODERATOR),
    Permission.STOP: (Role.APPROVER, Role.INTERPRETER),
    Permission.RUN: (Role.HOST, Role.EDITOR),
}
BODIES = {
    "draft": {"text": "A draft", "how": "spoken", "lang": "en", "rev": 0},
    "hold": {"rev": 1, "seconds": 30},
    "stop": {},
    "correct": {"kind": "typo", "reason": "A letter"},
    "retract": {"reason": "Wrong"},
    "notice": {"text": "We go on until five."},
    "{switch}": {"stopped": True},
    "{action}": {"seen": 1, "key": key()},
}
ROWS = table(Wires(None, None))  # type: ignore[arg-type] # only the table is looked at
GUARDED = [row for row in ROWS if isinstance(row.who, Permission)]


def address(row: Row) -> str:
    names = {"handle": "audrey", "slug": "live", "n:int": "1", "switch": "asking"}
    names["action"] = "last_questions" if "/phase/" in row.path else "approve"
    path = row.path
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def send(client: httpx2.Client, row: Row) -> httpx2.Response:
    if row.path.endswith("/stream"):
        # It has no end: what counts is whether it begins.
        with client.stream("GET", address(row)) as begun:
            return begun if begun.status_code == 200 else client.get(address(row))
    if row.method == "GET":
        return client.get(address(row))
    return client.post(address(row), json=BODIES[row.path.rsplit("/", 1)[1]])


def digest(world: World) -> str:
    """All that the database holds, sessions aside."""
    tables = [table for table in metadata.sorted_tables if table.name not in {"sessions", "links"}]
    with world.database.reader() as conn:
        rows = [conn.execute(text(f"SELECT * FROM {table.name} ORDER BY 1, 2")).all() for table in tables]  # noqa: S608
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.fixture
def peopled(world: World) -> World:
    """An event with one question and one person in each role; another event with staff of its own."""
    event, other = world.event(), world.event("other")
    world.move(world.ask(event), Action.APPROVE)
    for role in (Role.MODERATOR, Role.EDITOR, Role.INTERPRETER, Role.APPROVER, Role.HOST, Role.OWNER):
        world.person(role.value, event, role)
    world.person("stranger", other, Role.OWNER)
    return world


@pytest.fixture
def outsiders(served: Served, peopled: World) -> Iterator[dict[str, httpx2.Client]]:
    """Those to whom an event's desk does not exist."""
    with ExitStack() as stack:

        def browser(**cookies: str) -> httpx2.Client:
            headers = {"Accept": "application/json"}
            return stack.enter_context(httpx2.Client(base_url=served.url, headers=headers, cookies=cookies))

        clients = {"nobody": browser(), "asker": browser(), "expired": browser(qa_session="over")}
        clients["stranger"] = stack.enter_context(signed_in(served, peopled, "stranger"))
        clients["asker"].post("/@audrey/live/questions", data={"key": key(), "text": "And mine?"})
        yield clients


def test_every_route_of_the_application_stands_in_the_table(served: Served) -> None:
    reached = {
        (method, route.path)
        for route in served.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    } | {("WS", route.path) for route in served.app.routes if isinstance(route, WebSocketRoute)}
    assert reached == {(row.method, row.path) for row in ROWS}
    assert {type(route) for route in served.app.routes} == {Route, WebSocketRoute}


def test_every_address_of_the_desk_needs_a_permission() -> None:
    open_ones = [row.path for row in ROWS if row.path.startswith("/desk/{handle}") and isinstance(row.who, Who)]
    assert not open_ones
    assert len(GUARDED) > 15


def test_to_outsiders_an_event_that_is_there_looks_like_one_that_is_not(
    outsiders: dict[str, httpx2.Client], peopled: World
) -> None:
    before = digest(peopled)
    for row in GUARDED:
        if row.method == "WS":
            continue
        for name, client in outsiders.items():
            here = send(client, row)
            there = client.request(
                row.method, address(row).replace("/live", "/nothing", 1), json={} if row.method == "POST" else None
            )
            page_for_nobody = here.status_code == 303 and here.headers["location"].startswith("/desk/sign-in")
            assert page_for_nobody or here.status_code == 404, f"{row.method} {row.path} as {name}: {here.status_code}"
            assert (here.status_code, here.content.replace(b"/live", b"/nothing")) == (there.status_code, there.content)
    assert digest(peopled) == before


@pytest.mark.parametrize(
    "row", [row for row in GUARDED if row.method != "WS"], ids=lambda row: f"{row.method} {row.path}"
)
def test_a_colleague_without_the_permission_is_told_so_and_who_holds_it_is_let_in(
    row: Row, served: Served, peopled: World
) -> None:
    assert isinstance(row.who, Permission)
    holder, lacking = HOLDERS[row.who]
    if lacking:
        before = digest(peopled)
        with signed_in(served, peopled, lacking.value) as client:
            assert send(client, row).status_code == 403
        assert digest(peopled) == before
    with signed_in(served, peopled, holder.value) as client:
        answered = send(client, row)
    # An interpreter sees the desk and moves nothing; some answers' steps have nothing to work on yet.
    assert answered.status_code in ({200} if row.method == "GET" else {200, 403, 404, 409})
    if row.method == "POST" and row.who is not Permission.DESK:
        assert answered.status_code != 403


def test_sockets_of_the_desk_are_refused_before_they_open(served: Served, outsiders: dict[str, httpx2.Client]) -> None:
    for client in outsiders.values():
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(f"{served.sockets}/desk/audrey/live/live", additional_headers={"Cookie": cookies}),
        ):
            pass
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ASKER, Role.SYSTEM}])
def test_staff_of_every_role_hear_the_desk(role: Role, served: Served, peopled: World) -> None:
    with signed_in(served, peopled, role.value) as client:
        cookies = f"qa_session={client.cookies['qa_session']}"
        with connect(f"{served.sockets}/desk/audrey/live/live", additional_headers={"Cookie": cookies}) as socket:
            assert '"type":"hello"' in socket.recv(timeout=10)


def test_a_bearer_token_opens_the_json_of_its_event_and_nothing_else(served: Served, peopled: World) -> None:
    event = peopled.event("third")
    _, token = peopled.writer.run(lambda tx: make_token(tx, event.id, Role.MODERATOR, 1))
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert httpx2.get(f"{served.url}/desk/audrey/third/snapshot.json", headers=headers).status_code == 200
    assert httpx2.get(f"{served.url}/desk/audrey/live/snapshot.json", headers=headers).status_code == 404
