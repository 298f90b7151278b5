"""Migrations, once applied, are never edited, and import nothing that may move or change."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.migrations.loader import MigrationLoader

from tests.sources import APPS, ROOT

DIGESTS = Path(__file__).with_name("digests.txt")
NEVER_MOVE = {
    "crm.lib.bilingual.BilingualField",
    "crm.lib.clock.RelevoNow",
    "crm.lib.db.ranges.DateRange",
    "crm.lib.db.ranges.MomentRange",
}


def files() -> dict[str, Path]:
    """Our migrations by app and name, such as ``sla.0001_squashed_2026_11``."""
    found = {}
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if migration.__module__.split(".")[0] in APPS:
            found[f"{app}.{name}"] = ROOT / (migration.__module__.replace(".", "/") + ".py")
    return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recorded() -> dict[str, str]:
    lines = DIGESTS.read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def test_applied_migrations_are_never_edited() -> None:
    changed = [
        name for name, path in files().items() if recorded().get(name, digest(path)) != digest(path)
    ]
    assert changed == [], (
        f"Databases have applied these. Undo the edit and write a new migration: {changed}"
    )


def test_applied_migrations_are_never_removed() -> None:
    gone = sorted(set(recorded()) - set(files()))
    assert gone == [], (
        f"Databases have applied these. Only a squash with `replaces` may take their place: {gone}"
    )


def test_new_migrations_are_recorded() -> None:
    new = [
        f"{digest(path)}  {name}"
        for name, path in sorted(files().items())
        if name not in recorded()
    ]
    assert new == [], (
        "When the migration is final, add to tests/upgrades/digests.txt:\n" + "\n".join(new)
    )


def names(path: Path) -> Iterator[str]:
    """Every dotted name of ours that the code of a migration imports or reads from an
    imported module.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and id(node) not in inner:
            dotted = ast.unparse(node)
            if any(dotted.startswith(f"{module}.") for module in modules):
                yield dotted


@pytest.mark.parametrize("name", sorted(files()))
def test_migration_imports_only_names_that_never_move(name: str) -> None:
    ours = {dotted for dotted in names(files()[name]) if dotted.split(".")[0] in APPS}
    assert ours - NEVER_MOVE == set()
