"""The command line without a mapping: the same file gives the same as in the browser."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils.translation import override

from leads.models import Company, CustomField, ImportNote, ImportReject, ImportRun, Lead
from tests import factories
from tests.factories import Cast
from tests.leads.imports.imported import press
from tests.leads.imports.test_import_cases import CUSTOM_FIELDS

pytestmark = pytest.mark.django_db
TEAM = ("--team", "Marketing")
DATA = Path(__file__).parents[2] / "data"
FILES = sorted(chain(DATA.glob("import_cases/*"), DATA.glob("import_tools/*")))
FIELDS = (
    "person__name",
    "person__email",
    "person__phone",
    "person__country",
    "company__name",
    "company__domain",
    "company__employees",
    "source__code",
    "attributes",
    "first_seen_on",
    "stage",
    "external_system",
    "external_id",
    "search_text",
    "created_by",
    "marketing_team",
)


@pytest.fixture
def client(cast: Cast) -> Client:
    cast.organisation.country = "MX"
    cast.organisation.save()
    for code, (name, kind) in CUSTOM_FIELDS.items():
        CustomField.objects.create(code=code, name={"es": name}, type=kind)
    client = Client()
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return client


def result(run: ImportRun) -> dict[str, Any]:
    """Everything that came of an import, without ids and moments."""
    leads = Lead.objects.filter(import_run=run).order_by("pk")
    rejects = ImportReject.objects.filter(run=run).order_by("number")
    notes = ImportNote.objects.filter(run=run).order_by("number", "pk")
    return {
        "state": run.state,
        "done": run.done,
        "columns": run.columns,
        "leads": list(leads.values(*FIELDS)),
        "kinds": list(
            leads.order_by("pk", "events__pk").values_list(
                "events__kind", "valuable_actions__kind__code"
            )
        ),
        "rejects": list(rejects.values_list("number", "kind", "problems", "cells")),
        "notes": list(notes.values_list("number", "field", "code", "values")),
        "companies": list(Company.objects.order_by("pk").values("name", "domain", "employees")),
    }


def in_browser(client: Client, path: Path, **answers: str) -> tuple[dict[str, Any], list[Any]]:
    """Import with the form as the page shows it."""
    file = SimpleUploadedFile(path.name, path.read_bytes())
    client.post("/imports/new/", {"file": file})
    run = ImportRun.objects.latest("pk")
    form = client.get(f"/imports/{run.pk}/columns/").context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    answer = press(client, run, "columns", sent | answers)
    assert answer.status_code == 302, answer.context["form"].errors
    press(client, run, "start")
    run.refresh_from_db()
    lines = b"".join(client.get(f"/imports/{run.pk}/rejects.csv")).decode()
    return result(run), list(csv.reader(StringIO(lines)))


def by_command(path: Path, folder: Path, *options: str) -> tuple[dict[str, Any], list[Any]]:
    rejects = folder / "rejects.csv"
    options = (*TEAM, "--rejects", str(rejects), *options)
    call_command("import_leads", str(path), *options)
    run = ImportRun.objects.latest("pk")
    lines = rejects.read_text() if rejects.exists() else ""
    return result(run), list(csv.reader(StringIO(lines)))


class TakeBack(Exception):
    """Ends a transaction that a test does not keep."""


@pytest.fixture
def apart() -> Iterator[Any]:
    """Return a function that acts and takes everything back."""

    def act(what: Any, *args: Any, **more: Any) -> Any:
        kept: list[Any] = []
        try:
            with transaction.atomic():
                kept.append(what(*args, **more))
                raise TakeBack
        except TakeBack:
            return kept[0]

    yield act


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_same_file_gives_the_same_result(
    cast: Cast, client: Client, apart: Any, tmp_path: Path, path: Path
) -> None:
    browser, rejects = apart(in_browser, client, path)
    command, written = apart(by_command, path, tmp_path, "--by", cast.ana.email)
    assert command == browser
    # The browser's file has at least its header, the other one is not written for nothing.
    assert written == (rejects if len(rejects) > 1 else [])


def test_question_without_an_answer_is_refused_and_leaves_nothing(
    cast: Cast, client: Client, tmp_path: Path
) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Nombre,Fecha de alta\nÍris,10/5/2026\nLeo,4/6/2026\n")
    with pytest.raises(CommandError) as refused:
        call_command("import_leads", str(path), *TEAM)
    assert "--day-first / --month-first" in str(refused.value)
    assert (Lead.objects.count(), ImportRun.objects.get().state) == (0, "discarded")


@pytest.mark.parametrize(
    ("option", "date"), [("--day-first", "2026-05-10"), ("--month-first", "2026-10-05")]
)
def test_option_answers_the_question(
    cast: Cast,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    date: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "dates.csv"
    path.write_text("Nombre,Fecha de alta\nÍris,10/5/2026\nLeo,4/6/2026\n")
    call_command("import_leads", str(path), *TEAM, option, "--source", "event")
    assert Lead.objects.order_by("pk")[0].attributes == {"fecha_alta": date}
    assert Lead.objects.order_by("pk")[0].source.code == "event"  # type: ignore[union-attr]
    # Without a name the person is the lead of the team.
    assert ImportRun.objects.get().created_by == cast.luis


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--source", "feria"], "--source: there is no “feria”; there are: "),
        (["--by", "bea@relevo.test"], "Nobody of “Marketing”"),
        (["--team", "Nada"], "There is no marketing team “Nada”"),
        (["--mapping", "map.json", "--decimal", ","], "The mapping answers this itself"),
    ],
)
def test_wrong_options_are_refused_in_words(
    cast: Cast, client: Client, tmp_path: Path, options: list[str], said: str
) -> None:
    cast.luis.language = "en"
    cast.luis.save()
    path = tmp_path / "leads.csv"
    path.write_text("Nombre\nÍris\n")
    with override("en"), pytest.raises(CommandError) as refused:
        call_command("import_leads", str(path), *TEAM, *options)
    assert said in str(refused.value)
    assert Lead.objects.count() == 0


def test_report_is_in_words_of_the_person(
    cast: Cast, client: Client, tmp_path: Path, capsys: Any
) -> None:
    cast.ana.language = "en"
    cast.ana.save()
    facts = {"name": "Cuarenta", "country": "MX", "employees": None}
    factories.lead(cast, company=facts)
    rejects = tmp_path / "left.csv"
    path = DATA / "import_cases" / "40_rejects.csv"
    options = ["--by", cast.ana.email, "--rejects", str(rejects)]
    call_command("import_leads", str(path), *TEAM, *options)
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    for line in (
        "file 40_rejects.csv",
        "rows read 5",
        "New 3",
        "Twice in the file 1",
        f"written to {rejects}",
        "data of known companies: Filled 2",
        "row 2: Cuarenta: Employees: filled with “50”",
    ):
        assert line in printed


@pytest.mark.parametrize("language", ["es", "en"])
def test_file_of_rejected_rows_is_imported_again(
    cast: Cast, client: Client, tmp_path: Path, language: str
) -> None:
    cast.ana.language = language
    cast.ana.save()
    path = DATA / "import_cases" / "40_rejects.csv"
    _result, rejects = in_browser(client, path)
    assert [row[0] for row in rejects[1:]] == ["4", "5"]
    mended = tmp_path / "again.csv"
    row = ["4", "", "", "Ada", "ada@caso40.test", "'+52 55 5550 4003", "", "", "", ""]
    with mended.open("w", newline="") as file:
        csv.writer(file).writerows([rejects[0], row])
    again, _rejects = in_browser(client, mended)
    assert again["columns"][:4] == ["", "", "", "person.name"]
    assert again["leads"][0]["person__phone"] == "+525555504003"


def test_system_of_the_ids_is_an_option(cast: Cast, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("Nombre,Id externo\nÍris,4563\n")
    call_command("import_leads", str(path), *TEAM, "--system", "HubSpot")
    lead = Lead.objects.get()
    assert (lead.external_system, lead.external_id) == ("hubspot", "4563")
