"""Budgets of the house: short functions, short files; no unsafe or unfinished text."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.sources import ROOT, functions, name_of, python_files, templates, tree

FUNCTION_LINES, FUNCTION_AT_MOST, LONG_SHARE = 40, 60, 0.03
FILE_LINES, TEMPLATE_LINES_P90 = 500, 80


@cache
def lengths() -> list[tuple[int, str]]:
    return [
        ((function.end_lineno or 0) - function.lineno + 1, f"{name_of(path)}: {function.name}")
        for path in python_files(tests=True)
        for function in functions(path)
    ]


def test_functions_are_short() -> None:
    assert [found for found in lengths() if found[0] > FUNCTION_AT_MOST] == []


def test_few_functions_are_long() -> None:
    long = [found for found in lengths() if found[0] > FUNCTION_LINES]
    assert len(long) <= LONG_SHARE * len(lengths()), long


def test_files_are_short() -> None:
    files = [*python_files(tests=True), *templates()]
    counts = [(len(path.read_text(encoding="utf-8").splitlines()), name_of(path)) for path in files]
    assert [found for found in counts if found[0] > FILE_LINES] == []


def test_templates_are_short() -> None:
    counts = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in templates())
    assert counts[int(len(counts) * 0.9)] <= TEMPLATE_LINES_P90


# -- Words

UNSAFE = re.compile(
    r"""\|\s*safe\b|\bstyle=["']|\bhx-on\b|{%\s*autoescape\s+(off|false)|\son[a-z]+=["']"""
)
UNFINISHED = re.compile("|".join(("TO" + "DO", "FIX" + "ME", r"\bX{3}\b(?!\+)", "HA" + r"CK\b")))


def test_templates_trust_no_text_and_carry_no_style_or_script() -> None:
    lines = (
        (t, number, line)
        for t in templates()
        for number, line in enumerate(t.read_text().splitlines(), 1)
    )
    assert [f"{name_of(t)}:{number}" for t, number, line in lines if UNSAFE.search(line)] == []


def test_mark_safe_is_used_for_our_own_drawings_only() -> None:
    found = [
        name_of(path)
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("mark_safe", "SafeString"))
    ]
    # icons of the package lucide, addresses made of ids: no input of people
    assert sorted(set(found)) == [
        "crm/templatetags/addresses.py",
        "crm/templatetags/icons.py",
    ]


def test_nothing_is_left_unfinished() -> None:
    files = [*python_files(tests=True), *templates(), ROOT / "README.md", ROOT / "Makefile"]
    found = [name_of(path) for path in files if UNFINISHED.search(path.read_text(encoding="utf-8"))]
    assert found == []
