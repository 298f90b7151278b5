"""Acts on an import whose page showed another one than it is by now: refused, with what changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from crm.lib.input import fingerprints
from leads.imports import runs
from leads.imports import shown as shown_of
from leads.models import ImportRun, Lead
from tests.factories import Cast, when
from tests.leads.imports.imported import press

TEXT = "Nombre,Correo\nÍñigo Peña,inigo@a.test\n,=1+1\n"
COLUMNS = {"column_0": "person.name", "column_1": "person.email"}
AT = when("2026-03-02 12:00")
OTHER = {"column_0": "company.name", "column_1": "person.email"}


@pytest.fixture
def luis(new_organisation, signed_in) -> Client:
    """He leads marketing, so that he may also make custom fields."""
    return signed_in(new_organisation.luis)


def uploaded(luis: Client) -> ImportRun:
    luis.post("/imports/new/", {"file": SimpleUploadedFile("feria.csv", TEXT.encode())})
    return ImportRun.objects.get()


def checked(luis: Client) -> ImportRun:
    run = uploaded(luis)
    assert press(luis, run, "columns", COLUMNS).status_code == 302
    return run


def done(luis: Client) -> ImportRun:
    run = checked(luis)
    assert press(luis, run, "start").status_code == 302
    return run


def failed(luis: Client) -> ImportRun:
    run = done(luis)
    change(run, state="failed")
    return run


def change(run: ImportRun, **fields: Any) -> None:
    """What another person, or the worker, does meanwhile."""
    ImportRun.objects.filter(pk=run.pk).update(**fields)


def page(luis: Client, run: ImportRun, at: str = "") -> str:
    return luis.get(f"/imports/{run.pk}/{at}").context["shown"]


READING = {"encoding": "cp1252", "delimiter": ";", "header_row": "1"}
OF_OTHERS = {"reading": {"kind": "csv", "encoding": "cp1252", "delimiter": ";", "header_row": 1}}
COUNTS = {"counts": {"new": 2, "known": 0, "duplicate": 0, "wrong": 0}}
FORMS = {"columns": COLUMNS, "reading": READING, "custom-field": {"position": 0, "type": "text"}}
STATE, READ, MATCHED, ROWS = "state", "reading", "columns", "rows"


# Which act, on which page, after what another person did, and which change the answer names.
@pytest.mark.parametrize(
    ("begin", "act", "meanwhile", "named"),
    [
        (checked, "start", {"columns": list(OTHER.values())}, MATCHED),
        (checked, "start", {"answers": {"month_first": True}}, MATCHED),
        (checked, "start", {"system": "hubspot"}, MATCHED),
        (checked, "start", {"checked": COUNTS}, ROWS),
        (checked, "start", {"state": "discarded"}, STATE),
        (failed, "start", {"done": {"new": 0}}, ROWS),
        (failed, "start", {"state": "done"}, STATE),
        (checked, "discard", {"columns": list(OTHER.values())}, MATCHED),
        (checked, "discard", {"state": "running"}, STATE),
        (uploaded, "discard", {"state": "checked", "checked": COUNTS}, STATE),
        (uploaded, "discard", {"header": ["Nombre", "Teléfono"]}, READ),
        (done, "undo", {"done": {"new": 2}}, ROWS),
        (done, "undo", {"state": "undoing"}, STATE),
        (uploaded, "reading", {"header": ["Nombre", "Teléfono"]}, READ),
        (uploaded, "reading", {"state": "running"}, STATE),
        (uploaded, "columns", {"columns": list(OTHER.values())}, MATCHED),
        (uploaded, "columns", {"state": "running"}, STATE),
        (checked, "custom-field", {"header": ["Nombre", "Teléfono"]}, READ),
    ],
)
def test_act_on_a_page_that_showed_another_import_is_refused(
    luis: Client, begin: Any, act: str, meanwhile: dict[str, Any], named: str
) -> None:
    run = begin(luis)
    where = "columns/" if begin is uploaded else ""
    shown = page(luis, run, where)
    change(run, **meanwhile)
    before = ImportRun.objects.values().get(), Lead.objects.count()
    answer = luis.post(f"/imports/{run.pk}/{act}/", {**FORMS.get(act, {}), "shown": shown})
    assert answer.status_code == 409
    with translation.override("es"):
        assert f"{shown_of.LABELS[named]}." in answer.context["refusal"]
    assert (ImportRun.objects.values().get(), Lead.objects.count()) == before


def test_columns_come_back_as_typed_with_what_they_are_by_now(luis: Client) -> None:
    run = uploaded(luis)
    shown = page(luis, run, "columns/")
    change(run, columns=list(OTHER.values()))
    answer = luis.post(f"/imports/{run.pk}/columns/", {**COLUMNS, "shown": shown})
    form = answer.context["form"]
    assert [form[name].value() for name in COLUMNS] == list(COLUMNS.values())
    assert list(form.errors) == ["column_0"]
    again = {**COLUMNS, "shown": answer.context["shown"]}
    assert luis.post(f"/imports/{run.pk}/columns/", again).status_code == 302
    assert ImportRun.objects.get().columns == list(COLUMNS.values())


@pytest.mark.parametrize(
    ("begin", "act"),
    [
        (checked, "start"),
        (checked, "discard"),
        (done, "undo"),
        (uploaded, "reading"),
        (uploaded, "columns"),
        (checked, "custom-field"),
    ],
)
def test_act_that_does_not_say_what_its_page_showed_is_refused(
    luis: Client, begin: Any, act: str
) -> None:
    run = begin(luis)
    before = ImportRun.objects.values().get(), Lead.objects.count()
    answer = luis.post(f"/imports/{run.pk}/{act}/", FORMS.get(act, {}))
    assert (answer.status_code, answer.context["refusal"]) == (409, fingerprints.NOT_SENT)
    assert (ImportRun.objects.values().get(), Lead.objects.count()) == before


@pytest.mark.parametrize(
    ("begin", "where", "forms"),
    [(uploaded, "columns/", 3), (checked, "", 2), (failed, "", 2), (done, "", 1)],
)
def test_every_form_of_an_import_carries_what_its_page_shows(
    luis: Client, begin: Any, where: str, forms: int
) -> None:
    run = begin(luis)
    answer = luis.get(f"/imports/{run.pk}/{where}")
    field = f'name="shown" value="{shown_of.fingerprint(ImportRun.objects.get())}"'
    text = answer.content.decode()
    assert (text.count(field), text.count(f'action="/imports/{run.pk}/')) == (forms, forms)


def test_act_on_a_page_that_shows_the_import_as_it_is_goes_through(luis: Client) -> None:
    run = checked(luis)
    for act in ("start", "undo"):
        shown = page(luis, run)
        assert luis.post(f"/imports/{run.pk}/{act}/", {"shown": shown}).status_code == 302
    assert ImportRun.objects.get().state == "undone"


@pytest.mark.parametrize(
    ("begin", "act", "more"),
    [
        (checked, runs.start, {}),
        (checked, runs.discard, {}),
        (done, runs.undo, {}),
        (checked, runs.read_as, {"delimiter": ";"}),
        (
            checked,
            runs.match,
            {"targets": list(COLUMNS.values()), "source": None, "first_action": None},
        ),
    ],
)
def test_import_is_compared_as_it_is_under_the_lock(
    luis: Client, new_organisation: Cast, begin: Any, act: Any, more: dict[str, Any]
) -> None:
    """The change comes after the request has read the row, and leaves the state as it is."""
    begin(luis)
    read = ImportRun.objects.get()
    change(read, answers={"month_first": True})
    how = {"by": new_organisation.luis, "at": AT, "shown": shown_of.fingerprint(read), **more}
    with pytest.raises(shown_of.ImportMovedOn):
        act(read, **how)
