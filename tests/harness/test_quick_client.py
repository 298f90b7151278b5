"""What the quick client leaves out changes nothing that a test could read."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.accounts.models import User
from tests.factories import Cast
from tests.harness import quick_client

BACKEND = "crm.accounts.backend.Backend"


def signed_in_sessions() -> list[dict[str, str]]:
    return [row.get_decoded() for row in Session.objects.order_by("expire_date")]


def test_session_is_that_of_djangos_client(cast: Cast) -> None:
    quick, usual = Client(), Client()
    quick.force_login(cast.ana, backend=BACKEND)
    signed_in_at = User.objects.get(pk=cast.ana.pk).last_login
    quick_client.sign_in_of_django(usual, cast.ana, BACKEND)
    one, other = signed_in_sessions()
    assert one == other
    assert signed_in_at is not None
    names = {name for client in (quick, usual) for name in client.cookies}
    assert names == {"relevo_session"}
    morsels = [dict(client.cookies["relevo_session"]) for client in (quick, usual)]
    assert morsels[0] == morsels[1]
    assert quick.get("/preferences/").status_code == 200


def test_sign_in_needs_two_statements(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as found:
        Client().force_login(cast.ana, backend=BACKEND)
    assert len(found) == 2


def test_who_is_signed_in_already_is_signed_in_anew(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.ana, backend=BACKEND)
    client.force_login(cast.bea, backend=BACKEND)
    (data,) = signed_in_sessions()
    assert data["_auth_user_id"] == str(cast.bea.pk)


@pytest.mark.parametrize(
    ("path", "name"), [("/alignment/", "panels"), ("/preferences/", "form"), ("/queue/", "rows")]
)
def test_context_of_the_page_is_kept(cast: Cast, path: str, name: str) -> None:
    client = Client()
    client.force_login(cast.elsa, backend=BACKEND)
    answer = client.get(path)
    assert name in answer.context
