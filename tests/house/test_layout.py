"""The rules of the house that a machine can keep: what lies where, who imports whom, who reads the
clock, budgets.

A rule that fails here is either broken by mistake, or to be changed here on purpose, with its
reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.utils.module_loading import import_string

from tests.sources import APPS, ROOT, dotted, imports, name_of, python_files, tree

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
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
LEFT_BY_RUNS = {".git", ".env", "__pycache__", "test-results"}

# The packages from the top down; each may import rules and pages of those below it.
LAYERS = (
    ("crm",),  # wiring: whatever is not named below
    ("crm.api", "crm.alignment"),
    ("crm.goals",),
    ("crm.reviews",),
    ("leads",),
    ("sla",),
    ("personas",),
    ("crm.second_factor",),
    ("crm.notifications",),
    ("crm.accounts",),
    ("crm.audit",),
    ("crm.templatetags",),
    ("crm.lib",),
    ("crm.deploy",),  # starts the product and imports nothing of it
)
WIRING = ("crm.setup", "crm.demo", "crm.management", "crm.operation")
WIRING_FOR_PAGES = ("crm.setup.starter", "crm.navigation")
# What answers requests or draws for them, by the name of a file or folder.
PAGES = {"views", "forms", "text", "api", "urls", "templatetags"}
MORE_PAGES = {
    "crm.api": {"bodies", "problems", "authentication", "endpoint", "schema", "reference"},
    "crm.alignment": {"panels", "charts", "rows", "sheets", "persona_results"},
}
MOST_MODULES = 14
NO_NOUNS = {"__init__.py", "states.py", "forms.py", "filters.py", "apps.py"}
PURE = (
    "sla/worktime/calendar.py",
    "sla/worktime/instants.py",
    "sla/worktime/weeks.py",
    "sla/worktime/arithmetic.py",
    "sla/worktime/explanation.py",
    "sla/clocks/escalation_times.py",
    "leads/qualification/rules.py",
    "leads/qualification/scores.py",
    "crm/lib/differences.py",
    "crm/lib/numbers/typed.py",
)
PURE_MAY_USE = (
    "crm.lib.text",
    "sla.worktime.calendar",
    "sla.worktime.instants",
    "sla.worktime.weeks",
    "sla.worktime.arithmetic",
    "leads.qualification.rules",
)


def package_of(module: str) -> str:
    """Return the package of LAYERS that holds ``module``: the longest prefix."""
    prefixes = [prefix for line in LAYERS for prefix in line]
    return max((p for p in prefixes if f"{module}.".startswith(f"{p}.")), key=len)


def layer_of(module: str) -> int:
    """Return the line of LAYERS that ``module`` stands on."""
    package = package_of(module)
    return next(number for number, line in enumerate(LAYERS) if package in line)


def names_below(module: str) -> list[str]:
    """Return the names of ``module`` below its package: leads.views.queue -> ["views", "queue"]."""
    package = package_of(module)
    return module.removeprefix(package).strip(".").split(".")


def kind_of(module: str) -> str:
    """Return what ``module`` is: "wiring", "urls", "pages", "rules", "lib" or "deploy"."""
    package, names = package_of(module), names_below(module)
    if package in ("crm.lib", "crm.deploy"):
        return package.removeprefix("crm.")
    if names[-1].endswith("urls"):
        return "urls"
    if package == "crm" or names == ["apps"]:
        return "wiring"
    pages = PAGES | MORE_PAGES.get(package, set())
    if package == "crm.templatetags" or pages & set(names):
        return "pages"
    return "rules"


def fault_of(here: str, there: str) -> str:
    """Return why ``here`` may not import ``there``; empty where it may."""
    importer, imported = kind_of(here), kind_of(there)
    if importer in ("lib", "deploy"):
        return "" if imported == importer else f"{importer} imports nothing of the product"
    if importer in ("wiring", "urls") or imported == "lib":
        return ""
    if imported == "deploy":
        return "only wiring starts processes"
    if imported == "urls":
        return "only URL files import URL files"
    if imported == "wiring":
        allowed = importer == "pages" and there.startswith(WIRING_FOR_PAGES)
        return "" if allowed else "only wiring imports wiring"
    if importer == "rules" and imported == "pages":
        return "rules import no pages"
    if "api" in names_below(here) and "views" in names_below(there):
        return "api imports no views"
    goes_up = package_of(here) != package_of(there) and layer_of(there) <= layer_of(here)
    if goes_up and importer == imported:
        return f"{importer} import no {importer} of a higher or equal package"
    return ""


def imports_of_ours(path: Path) -> list[str]:
    """Return the modules of the product that a file imports, inline imports counted."""
    return [there for there in imports(path) if there.split(".")[0] in APPS]


def nouns() -> Iterator[Path]:
    """Yield the noun, pure and permission modules: rules that are no models, and the shared
    library.
    """
    for path in python_files():
        module = dotted(path)
        is_rule = kind_of(module) == "rules" and "models" not in module.split(".")
        if (is_rule or kind_of(module) == "lib") and path.name not in NO_NOUNS:
            yield path


# -- The tree


def test_top_level_holds_nothing_else() -> None:
    ignored = {
        line.strip("/\n")
        for line in (ROOT / ".gitignore").open()
        if not line.startswith(("#", "\n", "*"))
    }
    found = {path.name for path in ROOT.iterdir()} - ignored - LEFT_BY_RUNS
    assert sorted(found - TOP_LEVEL) == []


def test_top_level_is_complete() -> None:
    assert sorted(name for name in TOP_LEVEL - LATER if not (ROOT / name).exists()) == []


def test_no_module_is_called_by_what_it_is_not() -> None:
    vague = {"services.py", "utils.py", "helpers.py", "managers.py"}
    assert [name_of(path) for path in python_files() if path.name in vague] == []


# -- Imports


def test_imports_keep_the_two_directions() -> None:
    """Rules import rules of the same or a lower package; pages stand above all rules; wiring stands
    above all.
    """
    wrong = []
    for path in python_files():
        for there in imports_of_ours(path):
            fault = fault_of(dotted(path), there)
            if fault:
                wrong.append(f"{dotted(path)} imports {there}: {fault}")
    assert wrong == []


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("sla.clocks.ladder", "leads.handoffs.queue"),
        ("leads.records.search", "leads.views.search"),
        ("personas.views.personas", "leads.views.queue"),
        ("leads.views.queue", "crm.setup.agreement"),
        ("crm.alignment.numbers.cohort", "crm.alignment.panels.drawings"),
        ("crm.lib.text", "crm.accounts.models"),
        ("crm.deploy.run", "crm.lib.env"),
        ("leads.views.queue", "leads.urls"),
        ("leads.api.leads", "leads.views.leads"),
    ],
)
def test_import_against_the_directions_is_noticed(here: str, there: str) -> None:
    assert fault_of(here, there)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("sla.views.calendars", "leads.handoffs.queue"),
        ("leads.views.queue", "sla.text.deadlines"),
        ("leads.views.queue", "crm.navigation"),
        ("sla.forms.agreements", "crm.setup.starter.agreements"),
        ("crm.tasks", "leads.views.queue"),
        ("leads.handoffs.queue", "sla.clocks.clocks"),
    ],
)
def test_import_along_the_directions_is_allowed(here: str, there: str) -> None:
    assert fault_of(here, there) == ""


def test_every_package_has_its_line() -> None:
    """A new folder below crm/ is wiring only when it is named so."""
    named = {prefix for line in LAYERS for prefix in line} | set(WIRING)
    packages = {f"crm.{path.parent.name}" for path in (ROOT / "crm").glob("*/__init__.py")}
    assert sorted(packages - named - {"crm.migrations"}) == []


def test_no_circle_of_modules() -> None:
    graph = {dotted(path): set(imports_of_ours(path)) - {dotted(path)} for path in python_files()}
    assert circles(graph) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the modules of ``graph`` that import each other, each circle sorted."""
    reached = {module: reachable(graph, module) for module in graph}
    found = set()
    for module, others in reached.items():
        if module in others:
            found.add(
                tuple(sorted(other for other in others if module in reached.get(other, set())))
            )
    return [list(circle) for circle in sorted(found)]


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """Return every module that ``start`` imports, directly or through others."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting += graph.get(module, set())
    return seen


def test_circle_of_modules_is_noticed() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}
    assert circles(graph) == [["a", "b", "c"]]


def test_folders_hold_few_modules() -> None:
    counts: dict[str, int] = {}
    for path in python_files(tests=True):
        if path.name != "__init__.py":
            folder = name_of(path.parent)
            counts[folder] = counts.get(folder, 0) + 1
    full = {folder: count for folder, count in counts.items() if count > MOST_MODULES}
    assert full == {}


def test_packages_have_no_code_of_their_own() -> None:
    """``__init__.py`` is empty but for the face of leads/handoffs and those of models."""
    faces = {
        "crm/accounts/models/__init__.py",
        "leads/handoffs/__init__.py",
        "leads/models/__init__.py",
        "sla/models/__init__.py",
    }
    inits = {
        name_of(path)
        for path in python_files()
        if path.name == "__init__.py" and path.read_text().strip()
    }
    assert inits == faces


def test_rooms_do_not_import_their_own_face() -> None:
    rooms = [path for path in python_files() if dotted(path).startswith("leads.handoffs.")]
    assert [name_of(path) for path in rooms if "leads.handoffs" in imports_of_ours(path)] == []


def test_models_import_models_and_states_only() -> None:
    wrong = []
    for path in python_files():
        if "models" not in dotted(path).split("."):
            continue
        for there in imports_of_ours(path):
            names = set(there.split("."))
            if kind_of(there) != "lib" and not names & {"models", "states"}:
                wrong.append(f"{dotted(path)} imports {there}")
    assert wrong == []


def test_states_import_no_models() -> None:
    states = [path for path in python_files() if path.name == "states.py"]
    wrong = [
        (name_of(p), there)
        for p in states
        for there in imports(p)
        if ".models" in there and "django" not in there
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PURE)
def test_pure_module_imports_no_django(name: str) -> None:
    found = set(imports(ROOT / name))
    assert (
        sorted(
            there
            for there in found
            if there.startswith(("django", *APPS)) and there not in PURE_MAY_USE
        )
        == []
    )


@pytest.mark.parametrize("name", PURE)
def test_pure_module_calls_no_now(name: str) -> None:
    called = [
        ast.unparse(node.func) for node in ast.walk(tree(ROOT / name)) if isinstance(node, ast.Call)
    ]
    assert [text for text in called if text.split(".")[-1] in ("now", "today", "utcnow")] == []


def dotted_names_in_settings() -> list[str]:
    """Return the strings of the settings that name something of the product."""
    constants = (
        node
        for node in ast.walk(tree(ROOT / "crm" / "settings.py"))
        if isinstance(node, ast.Constant)
    )
    texts = (node.value for node in constants if isinstance(node.value, str))
    return [text for text in texts if re.fullmatch(rf"({'|'.join(APPS)})(\.\w+)+", text)]


@pytest.mark.parametrize("name", dotted_names_in_settings())
def test_dotted_name_in_settings_can_be_imported(name: str) -> None:
    try:
        import_module(name)
    except ModuleNotFoundError:
        import_string(name)


def test_readme_names_files_and_functions_that_exist() -> None:
    """Walks read "`leads/views/queue.py`: `queue` …"; every name in back quotes behind a file is
    defined there.
    """
    wrong = []
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        for name, rest in re.findall(r"`([\w/]+\.py)`(?:: ((?:`\w+`(?:, | and )?)+))?", line):
            path = ROOT / name
            if not path.exists():
                wrong.append(name)
                continue
            defined = {node.name for node in ast.walk(tree(path)) if isinstance(node, DEFINITIONS)}
            wrong += [
                f"{name}: {each}" for each in re.findall(r"`(\w+)`", rest) if each not in defined
            ]
    assert wrong == []


ROOMS_OF_DJANGO = {"migrations", "models", "templatetags", "commands"}


def readme_tree() -> dict[str, set[str]]:
    """Return each folder of the tree in README, with the folders that it names inside."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.split("## Where things are")[1].split("```")[1]
    rooms: dict[str, set[str]] = {}
    top = ""
    for indent, folder, words in re.findall(r"^( *)([\w/<>]+)/ +(.*)$", block, re.MULTILINE):
        if indent:
            rooms[top].add(folder)
        else:
            top = folder
        path = f"{top}/{folder}" if indent else folder
        rooms[path] = set(re.findall(r"(\w+)/", words))
    return rooms


def test_readme_tree_is_the_tree() -> None:
    rooms = readme_tree()
    products = {folder for folder in rooms if folder.split("/")[0] in APPS}
    assert products >= set(APPS)
    wrong = {}
    for folder in products:
        packages = {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")}
        difference = (packages - ROOMS_OF_DJANGO) ^ (rooms[folder] - ROOMS_OF_DJANGO)
        if difference:
            wrong[folder] = difference
    assert wrong == {}


def test_no_signals_between_apps() -> None:
    found = [
        (name_of(p), there)
        for p in python_files()
        for there in imports(p)
        if "signals" in there or "dispatch" in there
    ]
    assert found == [("crm/apps.py", "django.db.models.signals")]  # grants after every migrate
