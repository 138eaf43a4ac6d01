"""The log's hash chain: each line is sealed with the one before, so none can be changed or taken out unseen.

A line is sealed by the digest of its data, not the data: a text that had to be hidden can be left out of an archive,
and the archive can still be checked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

# Made once: `json.dumps` would make one for each line.
_SORTED: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of the data as JSON with sorted keys and no spaces, in hexadecimal."""
    return hashlib.sha256(_SORTED.encode(data).encode()).hexdigest()


def seal(previous: str, seq: int, at: str, type_: str, data_digest: str) -> str:
    """A line's hash from the hash of the line before (of the first: the event's epoch) and its own fields."""
    return hashlib.sha256("\n".join((previous, str(seq), at, type_, data_digest)).encode()).hexdigest()


def faults(epoch: str, lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with an archived log; empty: it is whole. A line: `seq, at, type, digest, hash, data` (or None)."""
    found = []
    previous, last = epoch, 0
    for line in lines:
        if line["seq"] != last + 1:
            found.append(f"line {line['seq']} follows line {last}")
        if line["data"] is not None and digest(line["data"]) != line["digest"]:
            found.append(f"line {line['seq']}: its data was changed")
        if seal(previous, line["seq"], line["at"], line["type"], line["digest"]) != line["hash"]:
            found.append(f"line {line['seq']}: its seal does not fit the line before")
        previous, last = line["hash"], line["seq"]
    return found
