"""The record can't be changed unseen: one byte anywhere, one line gone, and it is found."""

import json
import random
from typing import Any, Final

import pytest

from qa.domain.chain import digest, faults, seal

EPOCH: Final = "k3v9"
TEXTS: Final = ("What about teachers?", "ומה עם ציבור המורים?", "什么时候建更多住房？", "👨‍👩‍👧‍👦\nsecond line", "")

Line = dict[str, Any]


def log(length: int = 60) -> list[Line]:
    """An archived log as `faults` reads it."""
    lines: list[Line] = []
    previous = EPOCH
    for seq in range(1, length + 1):
        data = {"n": seq, "text": TEXTS[seq % len(TEXTS)], "since": None, "question": {"edited": seq % 2 == 0}}
        at = f"2026-11-27T15:00:{seq % 60:02}.000Z"
        made = digest(data)
        previous = seal(previous, seq, at, "question.shown", made)
        lines.append({"seq": seq, "at": at, "type": "question.shown", "digest": made, "hash": previous, "data": data})
    return lines


def wrong(archive: bytes) -> bool:
    """Whether a reader of the archive, a JSON line for each line of the log, sees that something is wrong."""
    try:
        return bool(faults(EPOCH, [json.loads(line) for line in archive.split(b"\n")]))
    except (ValueError, KeyError, TypeError):
        return True


ARCHIVE: Final = "\n".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in log()).encode()


def test_a_log_as_it_was_written_is_whole() -> None:
    assert faults(EPOCH, log()) == []
    assert not wrong(ARCHIVE)


def test_every_one_of_a_thousand_changed_bytes_is_found() -> None:
    chance = random.Random("tampering")  # noqa: S311 - no secret
    missed = []
    for _ in range(1_000):
        tampered = bytearray(ARCHIVE)
        place = chance.randrange(len(tampered))
        tampered[place] ^= chance.randrange(1, 256)
        if not wrong(bytes(tampered)):
            missed.append((place, bytes(tampered[place - 20 : place + 20])))
    assert not missed


@pytest.mark.parametrize("field", ["seq", "at", "type", "digest", "hash", "data"])
def test_a_change_of_any_field_is_found(field: str) -> None:
    for index in (0, 30, 59):
        lines = log()
        value = lines[index][field]
        lines[index][field] = value + 1 if field == "seq" else {"n": 1} if field == "data" else f"{value}x"
        assert faults(EPOCH, lines)


def test_a_line_taken_out_put_in_or_moved_is_found() -> None:
    whole = log()
    assert faults(EPOCH, [*whole[:20], *whole[21:]])
    assert faults(EPOCH, whole[1:])
    assert faults(EPOCH, [*whole[:20], whole[19], *whole[20:]])
    assert faults(EPOCH, [*whole[:20], whole[21], whole[20], *whole[22:]])


def test_a_log_of_another_event_is_found() -> None:
    assert faults("another epoch", log())


def test_a_log_cut_at_its_end_is_a_whole_log_of_an_earlier_moment() -> None:
    assert faults(EPOCH, log()[:20]) == []


def test_hidden_data_can_be_left_out_and_the_rest_still_verifies() -> None:
    lines = log()
    for line in lines[10:20]:
        line["data"] = None
    assert faults(EPOCH, lines) == []
    lines[15]["digest"] = digest({"text": "something else"})
    assert faults(EPOCH, lines), "but nothing else can be said to have stood there"


def test_what_is_found_names_the_line() -> None:
    lines = log()
    lines[7]["data"]["text"] = "forged"
    assert faults(EPOCH, lines) == ["line 8: its data was changed"]


def test_the_digest_is_the_same_however_the_fields_are_ordered() -> None:
    assert digest({"a": 1, "b": {"c": 2, "d": "é"}}) == digest({"b": {"d": "é", "c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
