"""What each kind of file may contain: who writes, who reads the clock, what the database keeps."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from crm.audit.models import AppendOnly
from crm.lib.db import append_only
from tests.house.test_layout import nouns
from tests.sources import (
    APPS,
    ROOT,
    dotted,
    functions,
    imports,
    name_of,
    python_files,
    templates,
    tree,
)

CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "django.utils.timezone.now",
    "django.db.models.functions.Now",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
}
# These convert what they are given; called with nothing they read the clock.
CONVERTERS = {
    "django.utils.timezone.localtime",
    "django.utils.timezone.localdate",
    "time.localtime",
    "time.gmtime",
}
MAY_READ_A_CLOCK = {
    "crm/lib/clock.py": "is the seam",
    "crm/deploy": "supervises processes before any database answers; judges no deadline",
}
SQL_CLOCK = re.compile(
    r"\b(clock_timestamp|now|transaction_timestamp|statement_timestamp)\(\)|current_timestamp", re.I
)


# -- What each file may contain

WRITES = {
    "save",
    "create",
    "bulk_create",
    "update",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
}


def writes(path: Path) -> list[str]:
    """Calls on a queryset or row that write."""
    calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    found = (
        node.func
        for node in calls
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES
    )
    texts = (ast.unparse(func) for func in found)
    return [text for text in texts if ".objects" in text or text.endswith(".save")]


@pytest.mark.parametrize("place", ["views", "forms", "filters", "tasks", "templatetags"])
def test_file_writes_nothing_itself(place: str) -> None:
    inside = [
        p for p in python_files() if place in dotted(p).split(".") and "management" not in p.parts
    ]
    assert [(name_of(path), text) for path in inside for text in writes(path)] == []


def test_permissions_neither_write_nor_raise() -> None:
    wrong = []
    for path in (p for p in python_files() if p.name == "permissions.py"):
        wrong += [(name_of(path), text) for text in writes(path)]
        wrong += [
            (name_of(path), "raise") for node in ast.walk(tree(path)) if isinstance(node, ast.Raise)
        ]
    assert wrong == []


def test_noun_modules_know_no_request_and_no_html() -> None:
    web = ("django.http", "django.shortcuts", "django.template", "django.contrib.messages")
    may = {
        "crm/accounts/request.py": "is the type of requests",
        "crm/accounts/sign_in/adapter.py": "allauth's hook",
        "crm/accounts/sign_in/guesses.py": "counts by the address and the cookie of a request",
        "crm/notifications/mail.py": "writes the mails",
        "crm/notifications/sentences.py": "writes the sentences of notices and mails",
    }
    wrong = []
    for path in (p for p in nouns() if name_of(p) not in may):
        wrong += [
            f"{name_of(path)} imports {there}" for there in imports(path) if there.startswith(web)
        ]
        for function in functions(path):
            names = [
                a.arg
                for a in (
                    *function.args.posonlyargs,
                    *function.args.args,
                    *function.args.kwonlyargs,
                )
            ]
            wrong += [
                f"{name_of(path)}: {function.name}(request)" for name in names if name == "request"
            ]
    assert wrong == []


def test_actor_and_moment_are_keywords_only() -> None:
    wrong = []
    for path in nouns():
        for function in functions(path):
            loose = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
            named = [*loose, *(a.arg for a in function.args.kwonlyargs)]
            if "by" in named and {"by", "at"} & set(loose):
                wrong.append(f"{name_of(path)}: {function.name}")
    assert wrong == []


def test_signatures_are_annotated() -> None:
    wrong = []
    for path in nouns():
        for function in functions(path):
            given = function.args
            every = [
                *given.posonlyargs,
                *given.args,
                *given.kwonlyargs,
                *filter(None, (given.vararg, given.kwarg)),
            ]
            bare = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
            if bare or function.returns is None:
                wrong.append(f"{name_of(path)}: {function.name} {bare}")
    assert wrong == []


# -- The clock


def clocks_read(module: ast.Module) -> list[tuple[int, str]]:
    """(line, dotted name) of everything in ``module`` that reads a clock, by whatever alias it was
    imported.
    """
    origin: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            origin |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }

    def whole(node: ast.AST) -> str:
        first, dot, rest = ast.unparse(node).partition(".")
        return origin.get(first, "") + dot + rest

    named = (node for node in ast.walk(module) if isinstance(node, ast.Attribute | ast.Name))
    empty = (
        n for n in ast.walk(module) if isinstance(n, ast.Call) and not n.args and not n.keywords
    )
    found = [(node.lineno, whole(node)) for node in named if whole(node) in CLOCKS]
    return sorted(
        found
        + [(call.lineno, whole(call.func)) for call in empty if whole(call.func) in CONVERTERS]
    )


def may_read_a_clock(path: Path) -> bool:
    return any(
        name_of(path) == allowed or name_of(path).startswith(f"{allowed}/")
        for allowed in MAY_READ_A_CLOCK
    )


def test_nothing_reads_a_clock_but_the_seam() -> None:
    files = (path for path in python_files() if not may_read_a_clock(path))
    assert [(name_of(path), *found) for path in files for found in clocks_read(tree(path))] == []


def test_clock_scan_sees_every_spelling() -> None:
    source = """
import time as t
from datetime import datetime as d, date
from django.utils import timezone
t.time()
d.now()
date.today()
default = timezone.now
timezone.localtime()
timezone.localtime(moment)
"""
    assert clocks_read(ast.parse(source)) == [
        (5, "time.time"),
        (6, "datetime.datetime.now"),
        (7, "datetime.date.today"),
        (8, "django.utils.timezone.now"),
        (9, "django.utils.timezone.localtime"),
    ]


def test_no_column_fills_itself_from_the_applications_clock() -> None:
    fields = (field for model in apps.get_models() for field in model._meta.fields)
    ours = (field for field in fields if field.model._meta.app_config.name.split(".")[0] in APPS)
    assert [
        str(field)
        for field in ours
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ] == []


def test_no_sql_asks_another_clock() -> None:
    found = []
    for path in (p for p in python_files() if not may_read_a_clock(p)):
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and "SELECT" in node.value
            ):
                found += [f"{name_of(path)}:{node.lineno}" for _ in SQL_CLOCK.finditer(node.value)]
    assert found == []


def test_templates_ask_no_clock() -> None:
    assert [name_of(t) for t in templates() if re.search(r"\{%\s*now\b", t.read_text())] == []


def test_no_refusal_is_told_by_a_redirect() -> None:
    """A redirect after a form says that it is saved: a message of an error is for no redirect."""
    calls = re.compile(r"\bmessages\.error\(")
    assert [name_of(path) for path in python_files() if calls.search(path.read_text())] == []


def test_scripts_keep_nothing_beyond_the_tab() -> None:
    """What is typed about a lead leaves the machine with the tab, or at sign-out."""
    scripts = sorted((ROOT / "crm" / "static" / "crm").glob("*.js"))
    stores = re.compile(r"localStorage|indexedDB|caches\.open")
    assert [script.name for script in scripts if stores.search(script.read_text())] == []


def test_scripts_declare_each_function_once() -> None:
    """Twice the same name in a module, as a careless merge leaves it, and no line of the script
    runs.
    """
    for script in sorted((ROOT / "crm" / "static" / "crm").glob("*.js")):
        names = re.findall(r"^(?:async )?function (\w+)", script.read_text(), re.MULTILINE)
        assert len(names) == len(set(names)), (
            f"{script.name}: {sorted(n for n in names if names.count(n) > 1)}"
        )


# -- The database


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def models_with_payload() -> list[str]:
    tables = []
    for model in apps.get_models():
        fields = {field.name for field in model._meta.fields}
        if issubclass(model, AppendOnly) or "payload" in fields:
            tables.append(model._meta.db_table)
    return sorted(tables)


def test_every_table_with_a_payload_is_append_only() -> None:
    assert models_with_payload() == sorted(append_only.TABLES)


@pytest.mark.django_db
def test_every_append_only_table_has_its_trigger() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = tgrelid::regclass::text"
            " || '_append_only' AND tgenabled = 'O' AND NOT tgisinternal ORDER BY 1"
        )
        found = [table for (table,) in cursor.fetchall()]
    assert found == sorted(append_only.TABLES + append_only.WITHOUT_PAYLOAD)
