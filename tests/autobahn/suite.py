"""The cases of the Autobahn test suite, read from its own package, which is written in Python 2.

The package holds one small class for each case, and a driver that needs Twisted and Python 2. The classes are taken as
they are; what differs between the languages is met here: a `str` is bytes (a character for each), `/` of two numbers is
a number without fraction, `print` is no function, and a class may name `object` before its base.
"""

import ast
import binascii
import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.autobahn.protocol import Protocol

# Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing; large messages; round trips; auto-fragmentation.
CHOSEN: Final = ("1.", "2.", "3.", "4.", "5.", "6.", "7.", "9.1.", "9.7.", "10.")
_PRINT: Final = re.compile(r"^(\s*)print\b.*$", re.MULTILINE)
_CASE: Final = re.compile(r"Case(\d+(?:_\d+)+)")


class Utf8Validator:
    """What one module makes its cases with: whether bytes are valid UTF-8, and end with a whole character."""

    def reset(self) -> None:
        """Nothing is kept."""

    def validate(self, text: str) -> tuple[bool, bool]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(text.encode("latin-1"))
        except UnicodeDecodeError:
            return False, False
        return True, not decoder.getstate()[0]


class Hexadecimal:
    """`binascii`, for texts that are bytes."""

    @staticmethod
    def b2a_hex(text: str) -> str:
        return binascii.b2a_hex(text.encode("latin-1")).decode()


class WholeNumbers(ast.NodeTransformer):
    def visit_Div(self, node: ast.Div) -> ast.FloorDiv:
        return ast.FloorDiv()


class Suite:
    def __init__(self, folder: Path) -> None:
        """`folder` is where the package `autobahntestsuite` lies. FileNotFoundError: it doesn't lie there."""
        self._folder = folder / "autobahntestsuite" / "case"
        self._modules: dict[str, dict[str, Any]] = {}

    def cases(self) -> list[tuple[str, Any]]:
        """The chosen cases with their numbers, in order."""
        found: dict[str, Any] = {}
        for file in sorted(self._folder.glob("case*_*.py")):
            if _number(file.stem.replace("case", "Case")).startswith(CHOSEN):
                found |= {_number(case.__name__): case for case in _classes(self._module(file.stem))}
        chosen = [number for number in found if number.startswith(CHOSEN)]
        return [(number.rstrip("."), found[number]) for number in sorted(chosen, key=_in_order)]

    def _module(self, name: str) -> dict[str, Any]:
        if name not in self._modules:
            source = (self._folder / f"{name}.py").read_text(encoding="latin-1")
            tree = WholeNumbers().visit(ast.parse(_PRINT.sub(r"\1pass", source)))
            names: dict[str, Any] = {"xrange": range, "unichr": chr, "type": _type, "__name__": name}
            kept = []
            for node in tree.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names |= self._imported(node)
                else:
                    kept.append(node)
            tree.body = kept
            ast.fix_missing_locations(tree)
            exec(compile(tree, name, "exec"), names)  # noqa: S102 - a package of tests, pinned by its hash
            if name == "case":
                # The suite compares pickles, to tell two kinds of text apart that are one here.
                names["Case"].compare = lambda self, one, other: one == other
            self._modules[name] = names
        return self._modules[name]

    def _imported(self, node: ast.Import | ast.ImportFrom) -> dict[str, Any]:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("case"):
            return {
                name: value
                for name, value in self._module(str(node.module)).items()
                if name not in {"type", "__name__"}
            }
        return {"WebSocketProtocol": Protocol, "Utf8Validator": Utf8Validator, "binascii": Hexadecimal}


def _type(*arguments: Any) -> Any:
    if len(arguments) == 3:
        name, bases, names = arguments
        return type(name, tuple(base for base in bases if base is not object), names)
    return type(*arguments)


def _classes(names: dict[str, Any]) -> Iterator[Any]:
    """Classes of cases, also those that a module makes and keeps in a list."""
    for value in list(names.values()):
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, type) and _CASE.fullmatch(one.__name__):
                yield one


def _number(name: str) -> str:
    """`Case6_4_1` is 6.4.1, `Case6_X_X` begins like 6."""
    return ".".join(re.findall(r"\d+", name)) + "."


def _in_order(number: str) -> list[int]:
    return [int(part) for part in number.split(".") if part]
