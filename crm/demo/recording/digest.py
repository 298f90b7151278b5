"""Digests of the code that the recorded past comes from: the migrations, and what writes history.

Comments, docstrings, annotations, imports and names do not count, nor does the file in which a
function is: moving and renaming change nothing that is recorded. A call of another function of the
same shape has the same digest; a test that compares a short recording with the file notices it.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
APPS = ("crm", "leads", "personas", "sla")
FIRST = ("crm.demo.recorder", "leads.handoffs.escalation")  # the second is called through crm.tasks
PACKAGES = (
    "crm.accounts",
    "crm.audit",
    "crm.demo",
    "crm.notifications",
    "crm.setup.starter",
    "leads",
    "personas",
    "sla",
)
# How it is written changes no history; nor do models, whose tables are in the migrations.
OUTSIDE = "crm.demo.recording"


def current() -> dict[str, str]:
    """Return both digests of the code as it is now."""
    migrations = [path for app in APPS for path in (ROOT / app).glob("**/migrations/0*.py")]
    return {"migrations": of(migrations), "history": of(history_modules())}


def history_modules() -> list[Path]:
    """Return the files of PACKAGES that the recorder imports, directly or not."""
    waiting = list(FIRST)
    files: set[Path] = set()
    while waiting:
        path = _file(waiting.pop())
        if path is None or path in files:
            continue
        files.add(path)
        tree = ast.parse(path.read_text())
        waiting.extend(_imports(tree))
    return sorted(files)


def _file(module: str) -> Path | None:
    inside = any(f"{module}.".startswith(f"{package}.") for package in PACKAGES)
    outside = f"{module}.".startswith(f"{OUTSIDE}.") or "models" in module.split(".")
    if outside or not inside:
        return None
    place = ROOT.joinpath(*module.split("."))
    # "from package import name" may name a module or a function; only a module has a file.
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.exists():
            return path
    return None


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of(paths: Iterable[Path]) -> str:
    """Return the digest of the statements in these files, whatever their file and their order."""
    shapes = []
    for path in paths:
        for statement in ast.parse(path.read_text()).body:
            shape = " ".join(_shape(statement, {}))
            if shape:
                shapes.append(hashlib.sha256(shape.encode()).hexdigest())
    return hashlib.sha256("".join(sorted(shapes)).encode()).hexdigest()


def _shape(node: ast.AST, names: dict[str, int]) -> Iterator[str]:
    """Yield the structure of ``node`` with its constants; a name is the number of its first use."""
    if isinstance(node, ast.Constant):
        yield repr(node.value)
        return
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
        return
    yield f"{type(node).__name__}("
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_comment", "ctx"):
            continue
        each_of = value if isinstance(value, list) else [value]
        if any(each is not None for each in each_of):
            yield f"{name}="
        for each in each_of:
            if isinstance(each, ast.AST):
                yield from _shape(each, names)
            elif isinstance(each, str):
                # By first use and not by text, so that a consistent renaming changes nothing.
                yield str(names.setdefault(each, len(names)))
            elif each is not None:
                yield repr(each)
    yield ")"


def _is_docstring(node: ast.AST) -> bool:
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return False
    return isinstance(node.value.value, str)
