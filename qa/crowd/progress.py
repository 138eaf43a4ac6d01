"""A line at the terminal that moves while it runs."""

import sys
from collections.abc import Callable
from typing import Final

WIDTH: Final = 30


def on_terminal() -> Callable[[float, str], None]:
    """Shows a share (0 to 1) and a sentence on standard error; nothing where nobody watches."""
    return _draw if sys.stderr.isatty() else _nothing


def _draw(share: float, sentence: str) -> None:
    full = round(share * WIDTH)
    end = "\n" if share >= 1 else ""
    sys.stderr.write(f"\r\x1b[K[{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}  {sentence}{end}")
    sys.stderr.flush()


def _nothing(share: float, sentence: str) -> None:
    pass
