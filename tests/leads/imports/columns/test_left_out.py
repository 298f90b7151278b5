"""Columns that are not imported: named on the page of the check, and made a field in place."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from leads.models import CustomField, ImportRun, Lead
from tests.leads.imports.imported import press

pytestmark = pytest.mark.django_db
TEXT = (
    "Nombre,Etiquetas,Cuota,Visto,Vacía,Rubro,Código postal\n"
    "Íñigo Peña,feria,10,10/5/2026,,Retail,11560\n"
    "Zoë Müller,web,20,11/4/2026,,,64000\n"
)


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def checked(client) -> ImportRun:
    file = SimpleUploadedFile("feria.csv", TEXT.encode())
    client.post("/imports/new/", {"file": file})
    run = ImportRun.objects.latest("pk")
    columns = {f"column_{place}": code for place, code in enumerate(run.columns)}
    assert press(client, run, "columns", columns).status_code == 302
    return ImportRun.objects.get(pk=run.pk)


def make(client, run: ImportRun, position: int, type: str):
    form = {"position": position, "type": type}
    return press(client, run, "custom-field", form)


def test_check_names_the_columns_with_values_that_are_not_imported(cast, signed_in):
    client = signed_in(cast.luis)
    run = checked(client)
    page = client.get(f"/imports/{run.pk}/")
    found = [
        (column.header, column.values, column.type, column.needs_company)
        for column, _form in page.context["left_out"]
    ]
    assert found == [
        ("Etiquetas", ["feria", "web"], "text", False),
        ("Cuota", ["10", "20"], "number", False),
        ("Visto", ["10/5/2026", "11/4/2026"], "date", False),
        ("Rubro", ["Retail"], "text", True),
        ("Código postal", ["11560", "64000"], "text", False),
    ]
    assert "Etiquetas" in page.content.decode()


def test_team_lead_makes_a_field_of_a_column_in_place(cast, signed_in):
    client = signed_in(cast.luis)
    run = checked(client)
    assert make(client, run, 2, "number").status_code == 302
    run.refresh_from_db()
    custom = CustomField.objects.latest("pk")
    assert (str(custom), custom.type, run.state) == ("Cuota", "number", "checked")
    press(client, run, "start")
    values = Lead.objects.order_by("pk").values_list(f"attributes__{custom.code}", flat=True)
    assert list(values) == [10, 20]


def test_field_with_an_open_question_leads_back_to_the_columns(cast, signed_in):
    client = signed_in(cast.luis)
    run = checked(client)
    answer = make(client, run, 3, "date")
    assert answer["Location"] == f"/imports/{run.pk}/columns/"
    form = client.get(answer["Location"]).context["form"]
    assert [question.name for question in form.questions()] == ["month_first"]


def test_who_may_make_no_field_is_told_whom_to_ask(cast, signed_in):
    client = signed_in(cast.ana)
    run = checked(client)
    page = client.get(f"/imports/{run.pk}/")
    assert page.context["field_editors"] == [cast.luis]
    assert f"{cast.luis}." in page.content.decode()
    form = {"position": 1, "type": "text"}
    assert client.post(f"/imports/{run.pk}/custom-field/", form).status_code == 403
    assert not CustomField.objects.filter(name__es="Etiquetas").exists()


@pytest.mark.parametrize(("position", "type"), [(0, "text"), (99, "text"), (1, "choice")])
def test_nothing_is_made_of_what_is_no_left_out_column(cast, signed_in, position, type):
    client = signed_in(cast.luis)
    run = checked(client)
    before = CustomField.objects.count()
    assert make(client, run, position, type).status_code == 422
    assert CustomField.objects.count() == before
