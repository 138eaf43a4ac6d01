"""Templates and static files: where they lie, and under which address they are served for ever."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """`templates` or `static`: inside an installed package, or beside it in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


@cache
def fingerprint() -> str:
    """Changes whenever any static file does: a part of their addresses, so that they can be kept for a year."""
    digest = hashlib.sha256()
    for path in sorted(folder("static").rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def static(name: str) -> str:
    """The address of a static file."""
    return f"/static/{fingerprint()}/{name}"
