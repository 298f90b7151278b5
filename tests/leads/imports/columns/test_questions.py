"""What the columns page asks: only what the file leaves open, once, with its own values."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from leads.models import CustomField, ImportNote, ImportRun, Lead
from tests.leads.imports.imported import press

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(new_organisation):
    CustomField.objects.create(code="alta", name={"es": "Alta"}, type="date")
    CustomField.objects.create(code="cuota", name={"es": "Cuota"}, type="number")
    return new_organisation


def uploaded(client, text: str) -> ImportRun:
    client.post("/imports/new/", {"file": SimpleUploadedFile("feria.csv", text.encode())})
    return ImportRun.objects.latest("pk")


def sent(client, run: ImportRun, **answers: str):
    columns = {f"column_{place}": code for place, code in enumerate(run.columns)}
    return press(client, run, "columns", columns | answers)


def values(client, run: ImportRun, field: str) -> list[object]:
    press(client, run, "start")
    return list(Lead.objects.order_by("pk").values_list(field, flat=True))


OPEN_DATES = "Nombre,Alta\nÍñigo,10/5/2026\nZoë,11/4/2026\n"


def test_dates_of_two_readings_are_asked_for_in_the_words_of_the_file(cast, signed_in):
    client = signed_in(cast.ana)
    run = uploaded(client, OPEN_DATES)
    refused = sent(client, run)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["month_first"])
    field = refused.context["form"].fields["month_first"]
    texts = [text for _value, text in field.choices]
    assert [("10/5/2026" in text, "10 may" in text.lower()) for text in texts] == [
        (True, True),
        (True, False),
    ]
    assert "%d" not in refused.content.decode()


@pytest.mark.parametrize(
    ("answer", "dates"), [("0", ["2026-05-10", "2026-04-11"]), ("1", ["2026-10-05", "2026-11-04"])]
)
def test_answer_decides_all_dates_of_the_column(cast, signed_in, answer, dates):
    client = signed_in(cast.ana)
    run = uploaded(client, OPEN_DATES)
    assert sent(client, run, month_first=answer).status_code == 302
    assert values(client, run, "attributes__alta") == dates


@pytest.mark.parametrize(("answer", "numbers"), [(",", [1500, 2000]), (".", [1.5, 2])])
def test_numbers_of_two_readings_are_asked_for(cast, signed_in, answer, numbers):
    client = signed_in(cast.ana)
    run = uploaded(client, "Nombre,Cuota\nÍñigo,1.500\nZoë,2.000\n")
    refused = sent(client, run)
    assert list(refused.context["form"].errors) == ["decimal"]
    assert sent(client, run, decimal=answer).status_code == 302
    assert values(client, run, "attributes__cuota") == numbers


@pytest.mark.parametrize(
    "text",
    [
        "Nombre,Alta\nÍñigo,10/5/2026\nZoë,10/15/2026\n",
        "Nombre,Alta\nÍñigo,2026-10-05\nZoë,4/4/2026\n",
        'Nombre,Cuota\nÍñigo,1.500\nZoë,"2.000,50"\n',
        "Nombre,Cuota\nÍñigo,1500\nZoë,20\n",
        "Nombre,Empleados\nÍñigo,1.500\nZoë,1.000\n",
        "Nombre,Otra cosa\nÍñigo,10/5/2026\nZoë,1.500\n",
    ],
)
def test_nothing_is_asked_that_the_file_tells(cast, signed_in, text):
    client = signed_in(cast.ana)
    run = uploaded(client, text)
    form = client.get(f"/imports/{run.pk}/columns/").context["form"]
    assert (form.questions(), form.unknown_countries()) == ([], [])
    assert sent(client, run).status_code == 302


def test_unknown_country_is_asked_for_once_and_may_stay_empty(cast, signed_in):
    client = signed_in(cast.ana)
    text = "Nombre,País\nA B,México\nC D,Méxica\nE F,Méxica\nG H,Perú\nI J,Latam\nK L,Chile\n"
    run = uploaded(client, text)
    form = client.get(f"/imports/{run.pk}/columns/").context["form"]
    assert [field.label for field in form.unknown_countries()] == ["Méxica", "Latam"]
    assert sent(client, run, country_0="MX").status_code == 302
    assert values(client, run, "person__country") == ["MX", "MX", "MX", "PE", "", "CL"]
    assert not ImportNote.objects.exists()
