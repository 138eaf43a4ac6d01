"""The house rules as functions: each takes source text and yields what is wrong with it, in a sentence.

`tests/test_house.py` asks them about the whole project, and proves that each of them can find something.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Final

# What each layer may import from qa: a layer, or one module of it. Modules outside a layer (app, seeds, …) compose.
MAY_IMPORT: Final[Mapping[str, frozenset[str]]] = {
    "domain": frozenset({"qa.domain"}),
    "store": frozenset({"qa.domain", "qa.store"}),
    "actions": frozenset({"qa.domain", "qa.store", "qa.actions"}),
    "web": frozenset({"qa.domain", "qa.store", "qa.actions", "qa.settings", "qa.web"}),
    "live": frozenset(
        {"qa.domain", "qa.store.log", "qa.store.accounts", "qa.store.database", "qa.settings", "qa.live"}
    ),
    "settings": frozenset(),
}

# The packages of others that each layer may import.
VENDORS: Final[Mapping[str, frozenset[str]]] = {
    "domain": frozenset({"regex"}),
    "store": frozenset({"sqlalchemy", "alembic", "pysqlite3", "psycopg"}),
    "actions": frozenset(),
    "web": frozenset(
        {
            "starlette",
            "jinja2",
            "markupsafe",
            "babel",
            "lucide",
            "segno",
            "itsdangerous",
            "argon2",
            "anyio",
            "structlog",
        }
    ),
    "live": frozenset({"starlette", "uvicorn", "websockets", "redis", "anyio", "structlog"}),
    "settings": frozenset(),
}

# Composers may import any package except these, which belong to one layer.
ONLY_IN: Final[Mapping[str, str]] = {"sqlalchemy": "store", "alembic": "store", "sqlite3": "store", "psycopg": "store"}

# The domain has no input or output, no clock and no chance of its own: it is given them.
NOT_IN_DOMAIN: Final = frozenset(
    {
        "asyncio",
        "os",
        "pathlib",
        "random",
        "secrets",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "threading",
        "time",
    }
)
_CLOCKS: Final = frozenset({"now", "today", "utcnow"})

NOT_ASYNC: Final = frozenset({"domain", "store", "actions", "settings"})

LONGEST_MODULE: Final = 300

# Each of these has let somebody else's text become code, or a test pass by luck.
FORBIDDEN: Final[Mapping[str, re.Pattern[str]]] = {
    "innerHTML": re.compile(r"\binnerHTML\b"),
    "insertAdjacentHTML": re.compile(r"\binsertAdjacentHTML\b"),
    "|safe": re.compile(r"\|\s*safe\b"),
    "Markup(": re.compile(r"\bMarkup\("),
    "time.sleep": re.compile(r"\btime\.sleep\(|\bfrom time import .*\bsleep\b"),
    "unittest.mock": re.compile(r"\bunittest\.mock\b|\bfrom unittest import .*\bmock\b"),
}

_SIDES: Final = r"(?:left|right)"
# A property with a side in its name, or a value that is one.
_PHYSICAL: Final = re.compile(
    rf"""(?<![\w-])(?:
        (?:(?:scroll-)?(?:margin|padding)-|border-(?:top-|bottom-)?)?{_SIDES}(?:-[a-z-]+)?\s*:
        | (?:text-align|float|clear)\s*:\s*{_SIDES}\b
    )""",
    re.VERBOSE,
)
_CSS_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)


def layer_of(module: str) -> str | None:
    """The layer with rules that a module belongs to; None: it composes."""
    layer = module.removeprefix("qa.").split(".")[0]
    return layer if layer in MAY_IMPORT else None


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported; for `from a import b` that is `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names)


def wrong_imports(module: str, source: str) -> Iterator[str]:
    """Imports that the table of the layers does not allow."""
    layer = layer_of(module)
    for line, name in imports(ast.parse(source)):
        package = name.split(".")[0]
        where = f"{module}:{line} imports {name}"
        if not package:
            yield f"{where}: write the whole name"
        elif package == "qa":
            if layer and not any(f"{name}.".startswith(f"{allowed}.") for allowed in MAY_IMPORT[layer]):
                yield f"{where}: {layer} may not know it"
        elif package in ONLY_IN and layer != ONLY_IN[package]:
            yield f"{where}: only {ONLY_IN[package]} does"
        elif package in sys.stdlib_module_names:
            if layer == "domain" and package in NOT_IN_DOMAIN:
                yield f"{where}: the domain is given what it needs"
        elif layer and package not in VENDORS[layer]:
            yield f"{where}: not a package for {layer}"


def hidden_imports(module: str, source: str) -> Iterator[str]:
    """Imports inside functions, which hide a dependency or a circle."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{module}:{node.lineno} imports inside {function.name}"


def wrong_colours(module: str, source: str) -> Iterator[str]:
    """Async functions in a layer that is called from threads."""
    if layer_of(module) in NOT_ASYNC:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AsyncFunctionDef):
                yield f"{module}:{node.lineno} {node.name} is async"


def clocks(module: str, source: str) -> Iterator[str]:
    """Looks at the clock in the domain."""
    if layer_of(module) == "domain":
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CLOCKS:
                yield f"{module}:{node.lineno} looks at the clock"


def wrong_size(module: str, source: str, *, is_package: bool) -> Iterator[str]:
    """A module that has grown too long, or a package file that is not empty."""
    lines = source.count("\n")
    if is_package and source:
        yield f"{module}: __init__.py is not empty"
    if lines > LONGEST_MODULE:
        yield f"{module}: {lines} lines, more than {LONGEST_MODULE}"


def circles(sources: Mapping[str, str]) -> Iterator[str]:
    """Modules that import each other in a circle; `sources` is module name -> text."""
    graph = {module: _neighbours(source, sources) - {module} for module, source in sources.items()}
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> Iterator[str]:
        if module in path:
            yield " -> ".join((*path[path.index(module) :], module))
        elif module not in done:
            for neighbour in sorted(graph[module]):
                yield from walk(neighbour, (*path, module))
            done.add(module)

    for module in sorted(graph):
        yield from walk(module, ())


def _neighbours(source: str, known: Mapping[str, str]) -> set[str]:
    """The project's modules that a source imports: `qa.store.log.append` is `qa.store.log`."""
    names = [name for _, name in imports(ast.parse(source))]
    return {found for name in names for found in (name, name.rpartition(".")[0]) if found in known}


def forbidden_words(file: str, text: str) -> Iterator[str]:
    """Words that nobody writes here."""
    for number, line in enumerate(text.splitlines(), 1):
        yield from (f"{file}:{number} has {word}" for word, pattern in FORBIDDEN.items() if pattern.search(line))


def physical_properties(file: str, css: str) -> Iterator[str]:
    """CSS with a left or a right: half of the readers begin on the other side."""
    # Comments are blanked, not removed, so that the line numbers stay.
    bare = _CSS_COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment.group()), css)
    for number, line in enumerate(bare.splitlines(), 1):
        yield from (f"{file}:{number} has {found.group().strip()}" for found in _PHYSICAL.finditer(line))
