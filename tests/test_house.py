"""The rules of the house that a machine can keep: what lies where, who imports whom, who reads the clock, budgets.

A rule that fails here is either broken by mistake, or to be changed here on purpose, with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from crm.audit.models import AppendOnly
from crm.lib.db import append_only
from tests.sources import APPS, ROOT, dotted, functions, imports, name_of, python_files, templates, tree

TOP_LEVEL = {
    "manage.py",
    "crm",
    "leads",
    "sla",
    "personas",
    "templates",
    "tests",
    "requirements.txt",
    "docker-compose.yml",
    "README.md",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    ".ruff.toml",
    ".pytest.ini",
    ".mypy.ini",
    ".env.example",
    ".dockerignore",
    ".gitignore",
    ".ci",
}
LATER = {"docker-compose.yml"}  # planned, may be missing
LEFT_BY_RUNS = {".git", ".env", "__pycache__", "test-results"}

# Who may import whom: only from a line further down. Modules of the first line wire everything together.
LAYERS = (
    ("crm",),
    ("crm.api", "crm.alignment"),
    ("crm.goals",),
    ("crm.reviews",),
    ("leads",),
    ("sla",),
    ("personas",),
    ("crm.notifications",),
    ("crm.accounts",),
    ("crm.audit",),
    ("crm.templatetags",),  # drawing of dates, numbers and icons for every app's templates
    ("crm.lib",),
)
# Inside an app: states, models, nouns, forms and filters, then what answers requests.
PLACES = {
    "states": 0,
    "models": 1,
    "forms": 3,
    "filters": 3,
    "views": 4,
    "panels": 4,
    "api": 4,
    "tasks": 4,
    "urls": 5,
    "admin": 4,
    "apps": 5,
    "templatetags": 4,
    "management": 4,
    # what the REST framework calls with a request
    "bodies": 4,
    "problems": 4,
    "authentication": 4,
    "endpoint": 4,
    "schema": 4,
    "reference": 4,
}
NOUN = 2
PURE = (
    "sla/worktime/calendar.py",
    "sla/worktime/arithmetic.py",
    "sla/clocks/escalation_times.py",
    "leads/qualification/rules.py",
    "leads/qualification/scores.py",
    "crm/lib/differences.py",
)
PURE_MAY_USE = ("crm.lib.text", "sla.worktime.calendar", "sla.worktime.arithmetic", "leads.qualification.rules")

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
CONVERTERS = {"django.utils.timezone.localtime", "django.utils.timezone.localdate", "time.localtime", "time.gmtime"}
MAY_READ_A_CLOCK = {
    "crm/lib/clock.py": "is the seam",
    "crm/deploy": "supervises processes before any database answers; judges no deadline",
}
SQL_CLOCK = re.compile(r"\b(clock_timestamp|now|transaction_timestamp|statement_timestamp)\(\)|current_timestamp", re.I)


def layer_of(module: str) -> int:
    """The line of LAYERS that ``module`` stands on: the one with its longest prefix."""
    best = max(
        (len(prefix), line)
        for line, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if f"{module}.".startswith(f"{prefix}.")
    )
    return best[1]


def package_of(module: str) -> str:
    line = LAYERS[layer_of(module)]
    return next(prefix for prefix in line if f"{module}.".startswith(f"{prefix}."))


def place_of(module: str) -> int:
    """Where in its app a module stands: states 0, models 1, nouns 2, forms 3, views 4, urls 5."""
    below = f"{module}.".removeprefix(f"{package_of(module)}.").split(".")
    return PLACES.get("templatetags" if "templatetags" in module else below[0], NOUN)


def nouns() -> Iterator[Path]:
    """Noun, pure and permission modules of the apps below the wiring."""
    for path in python_files():
        if layer_of(dotted(path)) > 0 and place_of(dotted(path)) == NOUN and path.name != "__init__.py":
            yield path


# -- The tree


def test_top_level_holds_nothing_else() -> None:
    ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").open() if not line.startswith(("#", "\n", "*"))}
    found = {path.name for path in ROOT.iterdir()} - ignored - LEFT_BY_RUNS
    assert sorted(found - TOP_LEVEL) == []


def test_top_level_is_complete() -> None:
    assert sorted(name for name in TOP_LEVEL - LATER if not (ROOT / name).exists()) == []


def test_no_module_is_called_by_what_it_is_not() -> None:
    vague = {"services.py", "utils.py", "helpers.py", "managers.py"}
    assert [name_of(path) for path in python_files() if path.name in vague] == []


# -- Imports


def test_imports_point_downwards_only() -> None:
    wrong = []
    for path in python_files():
        here = dotted(path)
        for there in imports(path):
            if there.split(".")[0] not in APPS or package_of(here) == package_of(there):
                continue
            if layer_of(there) <= layer_of(here):
                wrong.append(f"{here} imports {there}")
    assert wrong == []


def test_imports_inside_an_app_point_down_its_files() -> None:
    wrong = []
    for path in python_files():
        here = dotted(path)
        for there in imports(path):
            same = there.split(".")[0] in APPS and layer_of(here) > 0 and package_of(here) == package_of(there)
            if same and there != package_of(here) and place_of(there) > place_of(here):
                wrong.append(f"{here} imports {there}")
    assert wrong == []


def test_models_import_models_and_states_only() -> None:
    wrong = []
    for path in python_files():
        here = dotted(path)
        if layer_of(here) == 0 or place_of(here) != PLACES["models"]:
            continue
        for there in imports(path):
            ours = there.split(".")[0] in APPS and not there.startswith("crm.lib")
            if ours and place_of(there) not in (PLACES["states"], PLACES["models"]):
                wrong.append(f"{here} imports {there}")
    assert wrong == []


def test_states_import_no_models() -> None:
    states = [path for path in python_files() if path.name == "states.py"]
    wrong = [
        (name_of(p), there) for p in states for there in imports(p) if ".models" in there and "django" not in there
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PURE)
def test_pure_module_imports_no_django(name: str) -> None:
    found = set(imports(ROOT / name))
    assert sorted(there for there in found if there.startswith(("django", *APPS)) and there not in PURE_MAY_USE) == []


@pytest.mark.parametrize("name", PURE)
def test_pure_module_calls_no_now(name: str) -> None:
    called = [ast.unparse(node.func) for node in ast.walk(tree(ROOT / name)) if isinstance(node, ast.Call)]
    assert [text for text in called if text.split(".")[-1] in ("now", "today", "utcnow")] == []


def test_deployment_imports_nothing_of_the_product() -> None:
    """It runs before packages are there and must start whatever the product's state."""
    wrong = []
    for path in python_files():
        if dotted(path).startswith("crm.deploy"):
            ours = [there for there in imports(path) if there.split(".")[0] in (*APPS, "django")]
            wrong += [(name_of(path), there) for there in ours if not there.startswith("crm.deploy")]
    assert wrong == []


def test_no_signals_between_apps() -> None:
    found = [
        (name_of(p), there) for p in python_files() for there in imports(p) if "signals" in there or "dispatch" in there
    ]
    assert found == [("crm/apps.py", "django.db.models.signals")]  # grants after every migrate


# -- What each file may contain

WRITES = {"save", "create", "bulk_create", "update", "bulk_update", "delete", "get_or_create", "update_or_create"}


def writes(path: Path) -> list[str]:
    """Calls on a queryset or row that write."""
    calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    found = (node.func for node in calls if isinstance(node.func, ast.Attribute) and node.func.attr in WRITES)
    texts = (ast.unparse(func) for func in found)
    return [text for text in texts if ".objects" in text or text.endswith(".save")]


@pytest.mark.parametrize("place", ["views", "forms", "filters", "tasks", "templatetags"])
def test_file_writes_nothing_itself(place: str) -> None:
    inside = [p for p in python_files() if place in dotted(p).split(".") and "management" not in p.parts]
    assert [(name_of(path), text) for path in inside for text in writes(path)] == []


def test_permissions_neither_write_nor_raise() -> None:
    wrong = []
    for path in (p for p in python_files() if p.name == "permissions.py"):
        wrong += [(name_of(path), text) for text in writes(path)]
        wrong += [(name_of(path), "raise") for node in ast.walk(tree(path)) if isinstance(node, ast.Raise)]
    assert wrong == []


def test_noun_modules_know_no_request_and_no_html() -> None:
    web = ("django.http", "django.shortcuts", "django.template", "django.contrib.messages")
    may = {
        "crm/accounts/request.py": "is the type of requests",
        "crm/accounts/sign_in/adapter.py": "allauth's hook",
        "crm/notifications/mail.py": "writes the mails",
        "crm/notifications/sentences.py": "writes the sentences of notices and mails",
    }
    wrong = []
    for path in (p for p in nouns() if name_of(p) not in may):
        wrong += [f"{name_of(path)} imports {there}" for there in imports(path) if there.startswith(web)]
        for function in functions(path):
            names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            wrong += [f"{name_of(path)}: {function.name}(request)" for name in names if name == "request"]
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
            every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
            bare = [a.arg for a in every if a.annotation is None and a.arg not in ("self", "cls")]
            if bare or function.returns is None:
                wrong.append(f"{name_of(path)}: {function.name} {bare}")
    assert wrong == []


# -- The clock


def clocks_read(module: ast.Module) -> list[tuple[int, str]]:
    """(line, dotted name) of everything in ``module`` that reads a clock, by whatever alias it was imported."""
    origin: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            origin |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def whole(node: ast.AST) -> str:
        first, dot, rest = ast.unparse(node).partition(".")
        return origin.get(first, "") + dot + rest

    named = (node for node in ast.walk(module) if isinstance(node, ast.Attribute | ast.Name))
    empty = (n for n in ast.walk(module) if isinstance(n, ast.Call) and not n.args and not n.keywords)
    found = [(node.lineno, whole(node)) for node in named if whole(node) in CLOCKS]
    return sorted(found + [(call.lineno, whole(call.func)) for call in empty if whole(call.func) in CONVERTERS])


def may_read_a_clock(path: Path) -> bool:
    return any(name_of(path) == allowed or name_of(path).startswith(f"{allowed}/") for allowed in MAY_READ_A_CLOCK)


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
        str(field) for field in ours if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ] == []


def test_no_sql_asks_another_clock() -> None:
    found = []
    for path in (p for p in python_files() if not may_read_a_clock(p)):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value:
                found += [f"{name_of(path)}:{node.lineno}" for _ in SQL_CLOCK.finditer(node.value)]
    assert found == []


def test_templates_ask_no_clock() -> None:
    assert [name_of(t) for t in templates() if re.search(r"\{%\s*now\b", t.read_text())] == []


def test_scripts_declare_each_function_once() -> None:
    """Twice the same name in a module, as a careless merge leaves it, and no line of the script runs."""
    for script in sorted((ROOT / "crm" / "static" / "crm").glob("*.js")):
        names = re.findall(r"^(?:async )?function (\w+)", script.read_text(), re.MULTILINE)
        assert len(names) == len(set(names)), f"{script.name}: {sorted(n for n in names if names.count(n) > 1)}"


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
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = tgrelid::regclass::text || '_append_only'"
            " AND tgenabled = 'O' AND NOT tgisinternal ORDER BY 1"
        )
        found = [table for (table,) in cursor.fetchall()]
    assert found == sorted(append_only.TABLES)
