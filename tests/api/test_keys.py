"""Keys: made in the browser, shown once, stored hashed, limited in scope and time, revoked
at once.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from crm import tasks
from crm.accounts.models import User
from crm.api import keys
from crm.api.models import Key
from crm.audit.models import Entry
from crm.lib import clock
from tests import factories
from tests.api.caller import Caller, key_of
from tests.conftest import Moment
from tests.factories import PASSWORD, Cast

PAGE = "/preferences/keys/"
FORM = {
    "name": "BI report",
    "scopes": ["read", "leads:write"],
    "days": "30",
    "password": PASSWORD,
}


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="crm.accounts.backend.Backend")
    return client


def made_by(client: Client, **changes: Any) -> str:
    """The text of the key that the page shows."""
    answer = client.post(PAGE, {**FORM, **changes})
    assert answer.status_code == 201
    return answer.context["made"]


def test_new_key_is_shown_once_and_works(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    text = made_by(client)
    assert re.fullmatch(r"rlv_[0-9a-f]{12}\.[\w-]{43}", text)  # 43 characters of base64: 256 bits
    assert Caller(text).get("leads/")[0] == 200
    again = client.get(PAGE).content.decode()
    assert (text.split(".")[0] in again, text.split(".")[1] in again) == (True, False)


def test_list_names_what_a_key_may_do_in_the_readers_language(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    made_by(client)
    labels = {}
    for language in ("es", "en"):
        client.post("/i18n/setlang/", {"language": language})
        listed = client.get(PAGE).content.decode().split("</table>")[0]
        labels[language] = re.findall(r"<div>([^<]+)</div>", listed)
    assert labels == {
        "es": ["Leer lo que yo veo", "Registrar y cambiar prospectos"],
        "en": ["Read what I can see", "Log and change leads"],
    }


def test_secret_stands_nowhere_in_the_database(cast: Cast, moment: Moment) -> None:
    secret = made_by(page_of(cast.ana)).split(".")[1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(k::text, '') FROM api_key k")
        keys_as_text = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(e::text, '') FROM audit_entry e")
        audit_as_text = cursor.fetchone()[0]
        cursor.execute("SELECT coalesce(string_agg(s::text, ''), '') FROM django_session s")
        assert not [
            text for text in (keys_as_text, audit_as_text, cursor.fetchone()[0]) if secret in text
        ]


def test_making_and_revoking_are_audited(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    made_by(client)
    client.post(f"{PAGE}{Key.objects.get().pk}/revoke/")
    found = (
        Entry.objects.filter(subject_type="key").order_by("id").values_list("verb", "actor__name")
    )
    assert list(found) == [("api_key_created", "Ana Robles"), ("api_key_revoked", "Ana Robles")]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"days": "3650"}, "days"),
        ({"password": ""}, "password"),
        ({"password": "wrong"}, "password"),
    ],
)
def test_form_names_what_is_wrong(
    changes: dict[str, Any], wrong: str, cast: Cast, moment: Moment
) -> None:
    answer = page_of(cast.ana).post(PAGE, {**FORM, **changes})
    assert (answer.status_code, list(answer.context["form"].errors), Key.objects.count()) == (
        422,
        [wrong],
        0,
    )


def test_guessing_the_password_of_the_form_is_stopped(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    answers = [client.post(PAGE, {**FORM, "password": f"guess {n}"}) for n in range(6)]
    assert [each.status_code for each in answers] == [422] * 5 + [429]
    stopped = answers[-1]
    assert (stopped["Retry-After"], 'value="BI report"' in stopped.content.decode()) == ("30", True)
    assert client.post(PAGE, FORM).status_code == 429


def test_new_key_is_told_to_its_owner_by_mail(
    cast: Cast, moment: Moment, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.MAIL_ON = True
    User.objects.filter(pk=cast.ana.pk).update(mails=False)
    text = made_by(page_of(cast.ana))
    tasks.mail()
    (letter,) = mailoutbox
    assert (letter.to, "BI report" in letter.body) == (["ana@relevo.test"], True)
    assert text not in str(letter.message())


def test_person_has_at_most_twenty_live_keys(cast: Cast, moment: Moment) -> None:
    for _number in range(keys.MOST):
        key_of(cast.ana)
    assert page_of(cast.ana).post(PAGE, FORM).status_code == 422
    moment.advance(days=30)
    assert page_of(cast.ana).post(PAGE, FORM).status_code == 201


def test_page_shows_and_revokes_only_ones_own(cast: Cast, moment: Moment) -> None:
    made_by(page_of(cast.ana), name="Of Ana")
    client, key = page_of(cast.bea), Key.objects.get()
    assert "Of Ana" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{key.pk}/revoke/").status_code == 404
    assert Caller(key_of(cast.ana)).get("leads/")[0] == 200


def test_revoked_key_ends_with_the_next_request(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    caller = Caller(made_by(client))
    assert caller.get("leads/")[0] == 200
    client.post(f"{PAGE}{Key.objects.get().pk}/revoke/")
    assert caller.get("leads/")[0] == 401


def test_key_ends_with_its_time(cast: Cast, moment: Moment) -> None:
    caller = Caller(key_of(cast.ana, days=30))
    moment.advance(days=30, microseconds=-1)
    assert caller.get("leads/")[0] == 200
    moment.advance(microseconds=1)
    assert caller.get("leads/")[0] == 401


def test_key_of_an_inactive_person_is_refused(cast: Cast, moment: Moment) -> None:
    caller = Caller(key_of(cast.ana))
    User.objects.filter(pk=cast.ana.pk).update(is_active=False)
    assert caller.get("leads/")[0] == 401


def test_key_of_a_demo_person_is_refused_outside_the_demo(cast: Cast, moment: Moment) -> None:
    caller = Caller(key_of(factories.person("Demo Uno", cast.marketing, is_demo=True)))
    assert caller.get("leads/")[0] == 401


@pytest.mark.parametrize(
    "part", ["", "rlv_", "rlv_{prefix}", "rlv_{prefix}.", "rlv_{prefix}.wrong", "{prefix}.{secret}"]
)
def test_parts_of_a_key_are_no_key(part: str, cast: Cast, moment: Moment) -> None:
    prefix, secret = key_of(cast.ana).removeprefix("rlv_").split(".")
    status, problem = Caller(part.format(prefix=prefix, secret=secret)).get("leads/")
    assert (status, problem["code"]) == (401, "key_invalid")


@pytest.mark.parametrize(
    ("scopes", "statuses"),
    [
        (["read"], (200, 403, 403)),
        (["leads:write"], (403, 201, 403)),
        (["handoffs:write"], (403, 403, 201)),
    ],
)
def test_key_does_what_its_scopes_say(
    scopes: list[str], statuses: Any, cast: Cast, caller: Any
) -> None:
    asks, lead = caller(cast.ana, *scopes), factories.mql(cast)
    found = (
        asks.get("leads/")[0],
        asks.post("leads/", {"name": "Eva"})[0],
        asks.post(f"leads/{lead.pk}/handoffs/", {"team": cast.sales.pk})[0],
    )
    assert found == statuses


def test_last_use_is_written_once_a_minute(cast: Cast, moment: Moment) -> None:
    caller, began = Caller(key_of(cast.ana)), clock.now()

    def used_at() -> Any:
        caller.get("sources/")
        return Key.objects.get().last_used_at

    assert used_at() == began
    moment.advance(seconds=59)
    assert used_at() == began
    moment.advance(seconds=1)
    assert used_at() == began + timedelta(minutes=1)


def test_rate_is_counted_by_key_and_minute(cast: Cast, moment: Moment, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    first, second = Caller(key_of(cast.ana)), Caller(key_of(cast.ana))
    assert [first.get("sources/")[0] for _ in range(3)] == [200, 200, 429]
    assert (first.last["Retry-After"], second.get("sources/")[0]) == ("61", 200)
    moment.advance(seconds=60)
    assert first.get("sources/")[0] == 200


def test_revoked_keys_stand_below_the_live_ones(cast: Cast, moment: Moment) -> None:
    client = page_of(cast.ana)
    for name in ("first", "second", "third"):
        made_by(client, name=name)
    for name in ("first", "third"):
        client.post(f"{PAGE}{Key.objects.get(name=name).pk}/revoke/")
        moment.advance(minutes=1)
    assert [key.name for key in client.get(PAGE).context["keys"]] == ["second", "third", "first"]
