"""Every file of the table through the browser's own way: never a 5xx, counts that add up, names
whole.
"""

from __future__ import annotations

from itertools import chain

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from leads.models import ImportRun, Lead
from tests.factories import Cast
from tests.leads.imports.imported import press
from tests.leads.imports.nasty_files import FILES, Nasty

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.ana, backend="crm.accounts.backend.Backend")
    return client


def test_there_are_at_least_thirty() -> None:
    assert len(FILES) >= 30


@pytest.mark.parametrize("nasty", FILES, ids=lambda nasty: nasty.name)
def test_nasty_file(nasty: Nasty, cast: Cast, client: Client) -> None:
    answer = client.post("/imports/new/", {"file": SimpleUploadedFile(nasty.name, nasty.data)})
    if nasty.names is None:
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["file"]
        assert nasty.says in answer.content.decode()
        assert not ImportRun.objects.exists()
        return
    assert (answer.status_code, Lead.objects.count()) == (302, 0)
    run = ImportRun.objects.get()
    columns = {f"column_{place}": code for place, code in enumerate(run.columns)}
    assert client.get(answer["Location"]).status_code == 200
    assert press(client, run, "columns", columns).status_code == 302
    checked = ImportRun.objects.get()
    assert client.get(f"/imports/{run.pk}/").status_code == 200
    counts = {
        "new": len(nasty.names),
        "known": 0,
        "duplicate": nasty.duplicate,
        "wrong": nasty.wrong,
    }
    assert (checked.state, checked.checked.get("counts"), checked.problem) == (
        "checked",
        counts,
        "",
    )
    assert press(client, run, "start").status_code == 302
    done = ImportRun.objects.get()
    assert (done.state, done.done, done.rows_total) == ("done", counts, sum(counts.values()))
    assert list(Lead.objects.order_by("pk").values_list("person__name", flat=True)) == nasty.names
    if nasty.phones:
        assert (
            list(Lead.objects.order_by("pk").values_list("person__phone", flat=True))
            == nasty.phones
        )
    rejected = b"".join(chain(client.get(f"/imports/{run.pk}/rejects.csv"))).decode("utf-8-sig")
    assert rejected.count("\r\n") >= 1 + nasty.duplicate + nasty.wrong
