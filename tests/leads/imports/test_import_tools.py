"""Exports of thirteen tools at the first click: each person, company and address in its field.

The files hold the same two people, as each tool writes them; only what a tool exports is expected.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leads.models import Event, ImportRun, Lead
from leads.states import EventKind
from tests.factories import Cast
from tests.leads.imports.test_import_cases import imported

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parents[2] / "data" / "import_tools"
NAMES = ["Íñigo Peña", "Zoë Müller"]
EMAILS = ["inigo@norte.test", "zoe@sur.test"]
COMPANIES = ["Norte Digital", "Sur SA"]
PHONES = ["+525555501001", "+525555501002"]
TITLES = ["Directora", "CEO"]
COUNTRIES = ["MX", "PE"]
SEPTEMBER = [date(2026, 9, 15), date(2026, 9, 16)]
ALL = {
    "person__name": NAMES,
    "person__email": EMAILS,
    "company__name": COMPANIES,
    "person__phone": PHONES,
    "person__job_title": TITLES,
    "person__country": COUNTRIES,
}
FIRST_PHONE = ["+525555501001", ""]
# What differs from ALL in each file, and what the tool has besides.
TOOLS: dict[str, dict[str, Any]] = {
    "hubspot.csv": {
        "person__name": [*NAMES, "Lía Ñandú"],
        "person__email": [*EMAILS, "lia@este.test"],
        "company__name": [*COMPANIES, "Este Ltda"],
        "person__phone": [*PHONES, "+525555501003"],
        "person__job_title": ["Directora de compras", "CEO", ""],
        "person__country": [*COUNTRIES, "CO"],
        "external_id": ["101", "102", "103"],
        "company__employees": [51, 10001, None],
        "company__domain": ["norte.test", "https://sur.test", ""],
        "first_seen_on": [date(2026, 9, day) for day in (10, 11, 12)],
        "stage": ["mql", "captured", "captured"],
        "mql_on": [date(2026, 9, 12), None, None],
        "first_touch__landing_page": ["https://nuestra.test/demo", "", ""],
        "source__name__es": ["Búsqueda orgánica", "Paid Social", None],
    },
    "salesforce_report.csv": {
        "company__name": ["Norte Digital, S.A. de C.V.", "Sur SA"],
        "person__phone": FIRST_PHONE,
        "first_seen_on": [date(2026, 9, 15), date(2026, 10, 2)],
        "stage": ["captured", "contacted"],
        "source__name__es": ["Web", "Partner Referral"],
    },
    "salesforce_data_loader.csv": {
        "person__phone": FIRST_PHONE,
        "external_id": ["00Q5f00000ABCDEAA1", "00Q5f00000ABCDEAA2"],
        "company__domain": ["norte.test", ""],
        "company__employees": [120, None],
        "first_seen_on": SEPTEMBER,
        "stage": ["captured", "contacted"],
    },
    "zoho.csv": {
        "external_id": ["zcrm_4150868000000001", "zcrm_4150868000000002"],
        "first_seen_on": [date(2021, 4, 15), date(2021, 4, 16)],
        "stage": ["contacted", "captured"],
        "company__employees": [120, None],
    },
    "odoo.csv": {
        "person__job_title": ["Directora", ""],
        "external_id": ["__export__.crm_lead_1", "__export__.crm_lead_2"],
        "first_seen_on": SEPTEMBER,
        "first_touch__campaign": ["Otoño 2026", ""],
        "first_touch__medium": ["Website", ""],
    },
    "odoo_etiquetas.csv": {
        "person__job_title": ["Directora", ""],
        "external_id": ["__export__.crm_lead_1", "__export__.crm_lead_2"],
        "first_seen_on": SEPTEMBER,
        "first_touch__medium": ["Sitio web", ""],
    },
    "espocrm.csv": {"first_seen_on": SEPTEMBER, "stage": ["captured", "captured"]},
    "pipedrive.csv": {
        "person__country": ["", ""],
        "external_id": ["11", "12"],
        "first_seen_on": SEPTEMBER,
    },
    "google_contacts.csv": {
        "person__job_title": ["Directora", ""],
        "person__country": ["", ""],
        "company__domain": ["http://norte.test", ""],
    },
    "google_contacts_old.csv": {
        "person__job_title": ["Directora", ""],
        "person__country": ["", ""],
    },
    "outlook.csv": {"company__domain": ["http://norte.test", ""]},
    "linkedin.csv": {
        "person__email": ["inigo@norte.test", ""],
        "person__phone": ["", ""],
        "person__country": ["", ""],
        "company__domain": ["", ""],
        "first_seen_on": [date(2026, 10, 5), date(2026, 10, 6)],
    },
    "meta_lead_ads.csv": {
        "person__country": ["", ""],
        "external_id": ["l:1280180252203501", "l:1280180252203502"],
        "first_seen_on": [date(2026, 10, 5), date(2026, 10, 6)],
        "first_touch__campaign": ["Otoño 2026", "Otoño 2026"],
    },
    "mailchimp.csv": {
        "person__phone": FIRST_PHONE,
        "person__job_title": ["", ""],
        "first_seen_on": SEPTEMBER,
    },
    "rd_station.csv": {"first_seen_on": SEPTEMBER, "stage": ["mql", "captured"]},
    "apollo.csv": {
        "person__job_title": ["Director of Purchasing", "CEO"],
        "external_id": ["66d0a0000000000000000001", "66d0a0000000000000000002"],
        "company__employees": [120, 35],
        "company__domain": ["http://www.norte.test", "http://www.sur.test"],
        "company__country": COUNTRIES,
    },
}
NOTES = {
    "salesforce_data_loader.csv": ["Pidió una demo\npara marzo"],
    "zoho.csv": ["Llamar en marzo"],
    "odoo.csv": ["Quiere una demo"],
    "odoo_etiquetas.csv": ["Quiere una demo"],
    "espocrm.csv": ["Quiere una demo"],
    "google_contacts.csv": ["La conocí en la feria"],
    "google_contacts_old.csv": ["La conocí en la feria"],
    "outlook.csv": ["La conocí en la feria"],
    "rd_station.csv": ["Pediu uma demo"],
}


@pytest.fixture
def run(cast: Cast, client, request) -> ImportRun:
    cast.organisation.country = "MX"
    cast.organisation.save()
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return imported(client, FOLDER / request.param)


@pytest.mark.parametrize("run", TOOLS, indirect=True)
def test_export_is_imported_at_the_first_click(run: ImportRun) -> None:
    expected = {**ALL, **TOOLS[run.name]}
    count = len(expected["person__name"])
    assert run.done == {"new": count, "known": 0, "duplicate": 0, "wrong": 0}
    leads = Lead.objects.filter(import_run=run).order_by("pk")
    assert {name: list(leads.values_list(name, flat=True)) for name in expected} == expected
    notes = Event.objects.filter(lead__import_run=run, kind=EventKind.NOTE)
    assert [event.payload["note"] for event in notes.order_by("pk")] == NOTES.get(run.name, [])
