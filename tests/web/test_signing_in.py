"""Sign-in by password and by one-time link; sessions that end."""

from datetime import timedelta
from pathlib import Path

import httpx2

from qa.actions.staff import fingerprint
from qa.domain.permissions import Role
from qa.store import staff
from qa.web import passwords
from qa.web.site import now
from tests.serving import Served
from tests.web.conftest import signed_in
from tests.world import World

PASSWORD = "correct horse battery"


def test_a_password_signs_in_and_the_database_holds_neither_it_nor_the_session(
    anybody: httpx2.Client, world: World
) -> None:
    event = world.event()
    world.person("mara", event, Role.MODERATOR, password=passwords.hashed(PASSWORD))
    form = {"login": "Mara", "password": PASSWORD, "next": "/desk/audrey/live"}
    answered = anybody.post("/desk/sign-in", data=form)
    assert (answered.status_code, answered.headers["location"]) == (303, "/desk/audrey/live")
    token = anybody.cookies["qa_session"]
    assert anybody.get("/desk/audrey/live/snapshot.json").status_code == 200
    held = world.database.url.database
    assert held
    kept = Path(held).read_bytes() + Path(f"{held}-wal").read_bytes()
    assert PASSWORD.encode() not in kept
    assert token.encode() not in kept
    assert fingerprint(token).encode() in kept


def test_a_wrong_name_and_a_wrong_password_are_refused_in_the_same_words(anybody: httpx2.Client, world: World) -> None:
    world.event()
    world.person("mara", password=passwords.hashed(PASSWORD))
    answers = [
        anybody.post("/desk/sign-in", data={"login": login, "password": password})
        for login, password in (("mara", "wrong"), ("nobody", "wrong"), ("nobody", ""))
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.text.replace("nobody", "mara") for answer in answers}) == 1


def test_guessing_is_slowed_down_for_the_network(anybody: httpx2.Client, world: World) -> None:
    world.event()
    tried = [anybody.post("/desk/sign-in", data={"login": "x", "password": "y"}).status_code for _ in range(12)]
    assert tried[-1] == 429


def test_a_link_signs_in_once_and_looking_at_it_does_not_use_it_up(anybody: httpx2.Client, world: World) -> None:
    event = world.event()
    world.person("mara", event, Role.MODERATOR)
    link = f"/desk/enter/{world.link('mara')}"
    assert [anybody.get(link).status_code for _ in range(3)] == [200, 200, 200]
    assert anybody.post(link).status_code == 303
    assert anybody.post(link).status_code == 404
    assert anybody.get(link).status_code == 404


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(served: Served, world: World) -> None:
    event = world.event()
    world.person("mara", event, Role.MODERATOR)
    with signed_in(served, world, "mara") as browser:
        stolen = dict(browser.cookies)
        browser.post("/desk/sign-out")
        assert (
            httpx2.get(
                f"{served.url}/desk/audrey/live/snapshot.json", cookies=stolen, headers={"Accept": "application/json"}
            ).status_code
            == 404
        )


def test_a_session_ends_by_itself_when_idle_and_after_its_whole_time(served: Served, world: World) -> None:
    event = world.event()
    world.person("mara", event, Role.MODERATOR)
    with signed_in(served, world, "mara") as browser:
        token = fingerprint(browser.cookies["qa_session"])

    def whose(later: timedelta, idle: timedelta) -> object:
        return world.database.read(staff.session_person, token, now() + later, now() + later - idle)

    assert whose(timedelta(minutes=29), timedelta(minutes=30))
    assert not whose(timedelta(minutes=31), timedelta(minutes=30))
    assert not whose(timedelta(hours=12, minutes=1), timedelta(hours=24))


def test_disabling_a_person_ends_what_is_open(served: Served, world: World) -> None:
    event = world.event()
    mara = world.person("mara", event, Role.MODERATOR)
    with signed_in(served, world, "mara") as browser:
        world.writer.run(lambda tx: staff.disable(tx, mara))
        assert browser.get("/desk/audrey/live/snapshot.json").status_code == 404
