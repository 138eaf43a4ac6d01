"""What a browser need not be sent of a stylesheet or a script: comments and white space. The sources stay readable."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

_CSS_PART: Final = re.compile(r'("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|/\*.*?\*/', re.DOTALL)
# A space before a colon may stand between two selectors, one around a sign belongs to the sum: both stay.
_CSS_SPACE: Final = re.compile(r"\s*([{};,>])\s*|(?<=:)\s+|(\s)\s*")
_STRING: Final = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`(?:[^`\\]|\\.)*`'
# A comment behind code that has no other slash outside of its strings: nothing else can begin there.
_JS_REMARK: Final = re.compile(rf"^((?:[^\"'`/]|{_STRING})*?)\s+// .*$")
_IMPORT: Final = re.compile(r'^import [^"]*"\./([\w.]+)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:const|let|function|class) )", re.MULTILINE)


def css(text: str) -> str:
    """A stylesheet without comments, and without space where it means nothing."""
    bare = _CSS_PART.sub(lambda part: part[1] or "", text)
    pieces = re.split(f"({_STRING})", bare)
    packed = [_CSS_SPACE.sub(r"\1\2", piece) if place % 2 == 0 else piece for place, piece in enumerate(pieces)]
    return "".join(packed).replace(";}", "}").strip()


def js(text: str) -> str:
    """A script without comments, empty lines and indentation; each statement keeps its line.

    It reads line by line, so no string may go over several lines, and no code may follow a closing `*/`.
    """
    kept, inside = [], False
    for line in map(str.strip, text.splitlines()):
        if inside or line.startswith("/*"):
            inside = not line.endswith("*/")
        elif line and not line.startswith("//"):
            kept.append(_JS_REMARK.sub(r"\1", line))
    return "\n".join(kept) + "\n"


def joined(name: str, modules: Mapping[str, str]) -> str:
    """A module and all it imports as one script, each after those it needs; `modules` are slim, by name.

    They come to share their outermost names, so all of these must differ, and none may be imported by another name.
    """
    return "".join(_EXPORT.sub("", _IMPORT.sub("", modules[each])) for each in _in_order(name, modules, set()))


def _in_order(name: str, modules: Mapping[str, str], seen: set[str]) -> Iterator[str]:
    seen.add(name)
    for needed in _IMPORT.findall(modules[name]):
        if needed not in seen:
            yield from _in_order(needed, modules, seen)
    yield name
