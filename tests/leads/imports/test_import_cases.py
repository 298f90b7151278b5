"""Files as other tools write them, imported in the browser at the first click.

The columns are taken as suggested. Where the file leaves something open, it is answered as the
table says; elsewhere nothing is asked.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from leads.models import CustomField, ImportNote, ImportRun, Lead
from tests.factories import Cast
from tests.leads.imports.imported import press

pytestmark = pytest.mark.django_db
OWN = Path(__file__).parents[2] / "data" / "import_cases"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "import_cases"
CUSTOM_FIELDS = {
    "fecha_alta": ("Fecha de alta", "date"),
    "ingreso": ("Ingreso anual", "number"),
    "postal": ("Código postal", "text"),
    "presupuesto": ("Presupuesto anual", "number"),
}
ALTA = "attributes.fecha_alta"
FIRST_SEEN = "first_seen_on"
TWO = {"new": 2, "known": 0, "duplicate": 0, "wrong": 0}
# For each file: how many rows are what, the fields of its leads in order, and the codes of notes.
CASES: dict[str, tuple[dict[str, int], dict[str, list[Any]], list[str]]] = {
    "03_placeholders.csv": (
        {**TWO, "new": 4},
        {
            "person__email": ["", "", "eva@caso03.test", "gil@caso03.test"],
            "person__phone": ["+525555503001", "+525555503002", "", ""],
            "company__name": ["Caso Tres", "Caso Tres", None, None],
            "person__country": ["", "", "", ""],
        },
        ["no_email", "no_email", "phone_placeholder", "phone_placeholder"],
    ),
    "04_employee_ranges.csv": (
        {**TWO, "new": 4},
        {"company__employees": [51, 10001, 11, 1000]},
        ["range", "range", "range"],
    ),
    "07_action_column.csv": (
        TWO,
        {
            "person__name": ["Íris Muñoz", "Leo Ruiz"],
            "person__phone": ["+525555507001", "+525555507002"],
            "company__name": ["Siete", "Siete"],
            "valuable_actions__kind__code": [None, None],
        },
        [],
    ),
    "08_linkedin_url.csv": (
        TWO,
        {
            "person__email": ["iris@caso08.test", "leo@caso08.test"],
            "company__name": ["Ocho SA", "Ocho B"],
            "company__domain": ["", ""],
            "person__job_title": ["VP Sales", "CEO"],
        },
        [],
    ),
    "10_company_headers.csv": (
        {**TWO, "new": 1},
        {"company__name": ["Diez SA"], "company__domain": ["https://diez.test"]},
        [],
    ),
    "11_dates.csv": (
        {**TWO, "new": 9},
        {
            "attributes__fecha_alta": [
                "2021-04-15",
                "2026-10-05",
                "2026-10-05",
                "2026-10-05",
                "2021-04-15",
                "2026-10-05",
                "2026-05-10",
                "2026-10-05",
                "2021-04-15",
            ]
        },
        [],
    ),
    "12_us_dates_only.csv": (
        {**TWO, "new": 3},
        {"attributes__fecha_alta": ["2026-10-05", "2026-10-15", "2026-11-04"]},
        [],
    ),
    "15_na_marker.csv": (
        {**TWO, "new": 1},
        {"company__domain": [""], "company__industry": [""], "company__name": ["Quince SA"]},
        [],
    ),
    "16_activity_index.csv": (
        TWO,
        {
            "external_id": [
                "7927b2df-0000-4d29-b9a2-000000000001",
                "7927b2df-0000-4d29-b9a2-000000000002",
            ],
            "source__name__es": ["Organic", "Organic"],
            "company": [None, None],
        },
        [],
    ),
    "17_pipedrive.csv": (
        TWO,
        {
            "person__name": ["Íris Muñoz", "Leo Ruiz"],
            "company__name": ["Diecisiete SA", "Diecisiete SA"],
            "person__email": ["iris@caso17.test", "leo@caso17.test"],
            "person__phone": ["+525555501701", "+525555501702"],
        },
        [],
    ),
    "19_created_time.csv": (
        TWO,
        {
            FIRST_SEEN: [date(2021, 4, 15), date(2021, 4, 16)],
            "first_touch__seen_on": [date(2021, 4, 15), date(2021, 4, 16)],
            "person__name": ["Muñoz", "Ruiz"],
        },
        [],
    ),
    "20_meta.csv": (
        TWO,
        {
            "external_id": ["l:1280180252203501", "l:1280180252203502"],
            FIRST_SEEN: [date(2026, 11, 12), date(2026, 11, 12)],
            "person__phone": ["+525555502001", "+525555502002"],
            "first_touch__campaign": ["Otoño 2026", "Otoño 2026"],
        },
        [],
    ),
    "27_long_decimals.csv": (
        {**TWO, "new": 3},
        {
            "attributes__presupuesto": [0.1235, 1500000, 0.1235],
            "person__email": ["rosa@casos2.test", "ivan@casos2.test", "omar@casos2.test"],
        },
        ["rounded", "rounded"],
    ),
}


@pytest.fixture
def client(cast: Cast) -> Client:
    cast.organisation.country = "MX"
    cast.organisation.save()
    for code, (name, kind) in CUSTOM_FIELDS.items():
        CustomField.objects.create(code=code, name={"es": name}, type=kind)
    client = Client()
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return client


def imported(client: Client, path: Path, **answers: str) -> ImportRun:
    """Import a file with the columns as suggested."""
    file = SimpleUploadedFile(path.name, path.read_bytes())
    assert client.post("/imports/new/", {"file": file}).status_code == 302
    run = ImportRun.objects.latest("pk")
    columns = {f"column_{place}": code for place, code in enumerate(run.columns)}
    answer = press(client, run, "columns", columns | answers)
    assert answer.status_code == 302, answer.context["form"].errors
    assert press(client, run, "start").status_code == 302
    return ImportRun.objects.get(pk=run.pk)


def check_case(client: Client, path: Path) -> None:
    counts, fields, notes = CASES[path.name]
    run = imported(client, path)
    assert (run.state, run.done) == ("done", counts)
    assert run.checked["counts"] == counts
    leads = Lead.objects.filter(import_run=run).order_by("pk")
    assert {name: list(leads.values_list(name, flat=True)) for name in fields} == fields
    codes = ImportNote.objects.filter(run=run).order_by("number", "pk")
    assert list(codes.values_list("code", flat=True)) == notes


@pytest.mark.parametrize("name", CASES)
def test_file_is_imported_at_the_first_click(client: Client, name: str) -> None:
    check_case(client, OWN / name)


@pytest.mark.parametrize("name", CASES)
def test_shared_file_is_imported_at_the_first_click(client: Client, name: str) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the folder of shared import cases is not beside the checkout")
    check_case(client, path)
