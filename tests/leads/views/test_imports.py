"""Pages of the import: who finds them, what they show and refuse, how many queries they need.

No script is run.
"""

from __future__ import annotations

import csv
import io
from itertools import chain

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from crm.lib.files import upload_limit
from leads.models import ImportChunk, ImportReject, ImportRun, Lead
from tests import factories
from tests.leads.imports.imported import press

pytestmark = pytest.mark.django_db
EVERYBODY = ("ana", "luis", "bea", "cruz", "dora", "elsa", "root", "extra")
TEXT = "Nombre,Correo\nÍñigo Peña,inigo@a.test\n,=1+1\nÍñigo,inigo@a.test\n"


@pytest.fixture
def cast(new_organisation):
    return new_organisation


def uploaded(client, text: str | bytes = TEXT, name: str = "feria.csv") -> ImportRun:
    data = text.encode() if isinstance(text, str) else text
    response = client.post("/imports/new/", {"file": SimpleUploadedFile(name, data)})
    assert response.status_code == 302, response.content.decode()
    return ImportRun.objects.latest("pk")


def imported(client, text: str = TEXT) -> ImportRun:
    run = uploaded(client, text)
    press(client, run, "columns", {"column_0": "person.name", "column_1": "person.email"})
    press(client, run, "start")
    return ImportRun.objects.get(pk=run.pk)


def statuses(cast, signed_in, path, **form):
    clients = {name: signed_in(getattr(cast, name)) for name in EVERYBODY}
    return {
        name: (c.post(path, form) if form else c.get(path)).status_code
        for name, c in clients.items()
    }


def test_upload_is_for_marketing_and_hidden_from_the_others(cast, signed_in):
    assert statuses(cast, signed_in, "/imports/new/") == dict.fromkeys(EVERYBODY, 404) | {
        "ana": 200,
        "luis": 200,
    }


def test_list_is_for_marketing_and_the_director(cast, signed_in):
    seen = {"ana": 200, "luis": 200, "elsa": 200}
    assert statuses(cast, signed_in, "/imports/") == dict.fromkeys(EVERYBODY, 404) | seen


@pytest.mark.parametrize("part", ["", "progress/", "rejects.csv"])
def test_import_is_read_by_its_team_and_the_director(cast, signed_in, part):
    run = imported(signed_in(cast.ana))
    seen = {"ana": 200, "luis": 200, "elsa": 200}
    assert (
        statuses(cast, signed_in, f"/imports/{run.pk}/{part}")
        == dict.fromkeys(EVERYBODY, 404) | seen
    )


@pytest.mark.parametrize("part", ["reading", "columns", "start", "undo", "discard"])
def test_import_is_worked_on_by_its_team_alone(cast, signed_in, part):
    run = uploaded(signed_in(cast.ana))
    found = statuses(cast, signed_in, f"/imports/{run.pk}/{part}/", nothing="1")
    others = {name: status for name, status in found.items() if name not in ("ana", "luis")}
    assert others == dict.fromkeys(others, 404) | {"elsa": 403}
    assert {found["ana"], found["luis"]} <= {302, 409, 422}


def test_import_of_another_marketing_team_is_hidden(cast, signed_in):
    run = imported(signed_in(cast.ana))
    ImportRun.objects.update(team=cast.other_marketing)
    assert signed_in(cast.ana).get(f"/imports/{run.pk}/").status_code == 404
    assert signed_in(cast.ana).post(f"/imports/{run.pk}/undo/").status_code == 404


def test_whole_way_without_a_script(cast, signed_in):
    client = signed_in(cast.ana)
    run = uploaded(client)
    page = client.get(f"/imports/{run.pk}/columns/").content.decode()
    assert "Íñigo Peña" in page
    assert "UTF-8" in page
    press(client, run, "columns", {"column_0": "person.name", "column_1": "person.email"})
    page = client.get(f"/imports/{run.pk}/")
    assert page.context["counts"] == {"new": 1, "known": 0, "duplicate": 1, "wrong": 1}
    assert "Importar 1 prospecto<" in page.content.decode()
    press(client, run, "start")
    assert client.get(f"/leads/?imported={run.pk}").context["shown"].rows == [Lead.objects.get().pk]
    press(client, run, "undo")
    assert ImportRun.objects.get().state == "undone"
    assert client.get("/leads/").context["shown"].rows == []
    assert client.get(f"/leads/{Lead.objects.get().pk}/").status_code == 200


def test_rejected_rows_are_a_file_that_no_spreadsheet_runs(cast, signed_in):
    client = signed_in(cast.ana)
    run = imported(client)
    answer = client.get(f"/imports/{run.pk}/rejects.csv")
    text = b"".join(chain(answer)).decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert text[0] == "\ufeff"
    assert [row[:2] + row[3:] for row in rows] == [
        ["fila", "qué es", "Nombre", "Correo"],
        ["3", "Con errores", "", "'=1+1"],
        ["4", "Repetidos en el archivo", "Íñigo", "inigo@a.test"],
    ]
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        (
            "es",
            [
                ["fila", "qué es", "problema"],
                ["Con errores", "no es una dirección de correo"],
                ["Repetidos en el archivo"],
            ],
        ),
        (
            "en",
            [
                ["row", "what it is", "problem"],
                ["Wrong", "is no e-mail address"],
                ["Twice in the file"],
            ],
        ),
    ],
)
def test_rejected_rows_are_in_the_language_of_the_reader(cast, signed_in, language, wanted):
    run = imported(signed_in(cast.ana))
    cast.luis.language = language
    cast.luis.save()
    answer = signed_in(cast.luis).get(f"/imports/{run.pk}/rejects.csv")
    # As a server does: the lines are read when no language is active any more.
    with translation.override(None):
        text = b"".join(answer).decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    header, (what, problem), repeated = wanted
    assert [rows[0][:3], rows[1][1], rows[2][1:2]] == [header, what, repeated]
    assert problem in rows[1][2]


def test_file_may_be_read_another_way(cast, signed_in):
    client = signed_in(cast.ana)
    run = uploaded(client, "Nombre;Correo\nPe\u00f1a;a@a.test\n".encode("cp1252"))
    form = {
        "encoding": "mac_roman",
        "delimiter": ";",
        "header_row": 1,
    }
    assert press(client, run, "reading", form).status_code == 302
    assert ImportRun.objects.get().sample == [[2, ["PeÒa", "a@a.test"]]]
    form["encoding"] = "utf-8"
    refused = press(client, run, "reading", form)
    assert (refused.status_code, ImportRun.objects.get().reading["encoding"]) == (422, "mac_roman")
    assert "no es texto UTF-8" in refused.content.decode()


@pytest.mark.parametrize(
    "columns",
    [
        {"column_0": "person.name", "column_1": "person.name"},
        {"column_0": "", "column_1": ""},
        {"column_0": "created_at", "column_1": ""},
    ],
)
def test_columns_that_make_no_sense_are_refused(cast, signed_in, columns):
    client = signed_in(cast.ana)
    run = uploaded(client)
    assert press(client, run, "columns", columns).status_code == 422
    assert ImportRun.objects.get().state == "draft"


def test_too_large_a_file_is_refused_in_words(cast, signed_in, monkeypatch):
    monkeypatch.setattr(upload_limit, "LARGEST", 1000)
    answer = signed_in(cast.ana).post(
        "/imports/new/", {"file": SimpleUploadedFile("a.csv", b"x" * 1001)}
    )
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])
    assert "MB: divídelo" in answer.content.decode()
    assert not ImportChunk.objects.exists()


def test_nothing_uploaded_is_refused_in_words(cast, signed_in):
    answer = signed_in(cast.ana).post("/imports/new/", {})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])


def test_other_pages_store_no_file(cast, signed_in):
    answer = signed_in(cast.ana).post(
        "/leads/new/", {"name": "Ana", "file": SimpleUploadedFile("a.csv", b"x")}
    )
    assert (answer.status_code, len(answer.wsgi_request.FILES)) == (302, 0)


def test_same_file_is_told_before_it_is_imported(cast, signed_in):
    client = signed_in(cast.ana)
    first = imported(client)
    again = uploaded(client)
    page = client.get(f"/imports/{again.pk}/columns/")
    assert page.context["same_file"] == first
    assert f"/imports/{first.pk}/" in page.content.decode()


def test_same_file_of_another_team_is_not_told(cast, signed_in):
    imported(signed_in(cast.ana))
    other = factories.person("Otra", factories.team("Otra marca", "marketing"))
    client = signed_in(other)
    run = uploaded(client)
    assert client.get(f"/imports/{run.pk}/columns/").context["same_file"] is None
    press(client, run, "columns", {"column_0": "person.name"})
    assert client.get(f"/imports/{run.pk}/").context["same_file"] is None


def test_discarded_file_is_gone(cast, signed_in):
    client = signed_in(cast.ana)
    run = uploaded(client)
    assert press(client, run, "discard").status_code == 302
    assert (ImportChunk.objects.count(), client.get("/imports/").context["rows"]) == (0, [])


def test_step_of_a_stale_page_is_a_conflict(cast, signed_in):
    client = signed_in(cast.ana)
    run = imported(client)
    assert client.post(f"/imports/{run.pk}/start/").status_code == 409
    assert Lead.objects.count() == 1


def test_running_import_shows_its_progress_and_asks_for_the_page_at_the_end(cast, signed_in):
    client = signed_in(cast.ana)
    run = imported(client)
    ImportRun.objects.update(state="running", rows_done=50, rows_total=200)
    piece = client.get(f"/imports/{run.pk}/progress/")
    assert "HX-Refresh" not in piece
    assert 'value="25"' in piece.content.decode()
    assert "50 de 200 filas" in client.get(f"/imports/{run.pk}/").content.decode()
    ImportRun.objects.update(state="done")
    assert client.get(f"/imports/{run.pk}/progress/")["HX-Refresh"] == "true"


def test_list_needs_the_same_queries_for_one_and_for_three(cast, signed_in):
    client = signed_in(cast.ana)
    counts = []
    for text in (TEXT, TEXT + "Ana,ana@a.test\n", TEXT + "Eva,eva@a.test\n"):
        imported(client, text)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/imports/").status_code == 200
        counts.append(len(queries))
    assert (counts[0], counts[2]) == (5, 5)


def test_list_goes_on_with_older_ones(cast, signed_in):
    client = signed_in(cast.ana)
    run = uploaded(client)
    for _copy in range(50):
        run.pk = None
        run.save()
    first = client.get("/imports/").context
    second = client.get(f"/imports/{first['next']}").context
    assert (len(first["rows"]), len(second["rows"]), second["next"]) == (50, 1, "")
    assert client.get("/imports/?before=x").status_code == 400


def test_lead_list_offers_the_import_to_marketing(cast, signed_in):
    factories.handed_off(cast)
    assert "/imports/" in signed_in(cast.ana).get("/leads/").content.decode()
    assert "/imports/" not in signed_in(cast.bea).get("/leads/").content.decode()


def test_people_out_of_sight_are_never_known(cast, signed_in):
    secret = {"email": "inigo@a.test", "name": "Secreta Vega"}
    factories.lead(cast, team=cast.other_marketing, person=secret)
    client = signed_in(cast.ana)
    run = imported(client, "Nombre,Correo\nÍñigo Peña,inigo@a.test\n")
    assert run.done == {"new": 1, "known": 0, "duplicate": 0, "wrong": 0}
    assert not ImportReject.objects.exists()
    assert "Secreta" not in client.get(f"/imports/{run.pk}/").content.decode()


def test_column_of_free_text_is_not_suggested_as_source(cast, signed_in):
    client = signed_in(cast.ana)
    rows = [f"Persona {number},{'Web' if number < 60 else number}\n" for number in range(300)]
    run = uploaded(client, "Nombre,Fuente\n" + "".join(rows))
    assert run.columns == ["person.name", ""]
