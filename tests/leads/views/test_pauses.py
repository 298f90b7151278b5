"""Pausing on the lead page: who may, what comes back, what everybody sees of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads import handoffs
from leads.handoffs import pauses
from leads.models import Handoff
from sla.models import Clock, Pause
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, pause_reason, when

NOON = "2026-03-02 12:00"
TUESDAY = when("2026-03-03 10:00")


def ask(client: Client, handoff: Handoff, **changes: Any) -> Any:
    data = {
        "reason": pause_reason().pk,
        "until": "2026-03-03T10:00",
        "note": "Call me <b>then</b>",
        **changes,
    }
    return client.post(f"/handoffs/{handoff.pk}/pause/", data)


@pytest.fixture
def handoff(cast: Cast, moment: Moment) -> Handoff:
    """Bea's, at noon."""
    found = factories.accepted(cast)
    moment.set(NOON)
    return found


def clock_of(handoff: Handoff) -> Clock:
    return Clock.objects.get(subject_id=handoff.pk, metric="first_contact")


def test_owner_pauses_and_the_page_says_until_when_and_why(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    client.force_login(cast.bea)
    answer = ask(client, handoff)
    page = client.get(answer.url).content.decode()
    assert (answer.status_code, clock_of(handoff).paused_until) == (302, TUESDAY)
    assert "Paused until Tue 10:00" in page
    assert "because: Asked to be called back" in page
    assert "Call me &lt;b&gt;then&lt;/b&gt;" in page


def test_until_is_read_in_the_zone_of_who_types_it(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    cast.bea.time_zone = "America/Bogota"
    cast.bea.save()
    client.force_login(cast.bea)
    ask(client, handoff)
    assert clock_of(handoff).paused_until == when("2026-03-03 10:00-05:00")


@pytest.mark.parametrize(
    ("who", "status"),
    [("bea", 302), ("dora", 302), ("cruz", 404), ("ana", 403), ("elsa", 403), ("root", 404)],
)
def test_owner_and_team_lead_may_pause_and_nobody_else(
    cast: Cast, client: Client, handoff: Handoff, who: str, status: int
) -> None:
    client.force_login(getattr(cast, who))
    assert ask(client, handoff).status_code == status
    assert Pause.objects.count() == (status == 302)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"until": ""}, "until"),
        ({"until": "someday"}, "until"),
        ({"until": "9999-12-31T23:59"}, "until"),
        ({"until": "2026-03-02T11:00"}, "until"),
        ({"until": "2026-03-20T11:00"}, "until"),
        ({"reason": ""}, "reason"),
        ({"reason": "999999"}, "reason"),
    ],
)
def test_bad_pause_names_the_field_and_keeps_what_was_typed(
    cast: Cast, client: Client, handoff: Handoff, changes: dict[str, str], field: str
) -> None:
    client.force_login(cast.bea)
    answer = ask(client, handoff, **changes)
    form = answer.context["forms"]["pause"]
    assert (answer.status_code, list(form.errors)) == (422, [field])
    assert form["note"].value() == "Call me <b>then</b>"


def test_pause_of_an_overdue_clock_is_a_conflict_in_words(
    cast: Cast, client: Client, handoff: Handoff, moment: Moment
) -> None:
    moment.set("2026-03-02 15:00")
    client.force_login(cast.bea)
    answer = ask(client, handoff)
    assert answer.status_code == 409
    assert Pause.objects.count() == 0


def test_pause_is_ended_early_and_the_list_says_by_whom(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    pauses.pause(handoff, pause_reason(), until=TUESDAY, by=cast.bea, at=when("2026-03-02 11:00"))
    client.force_login(cast.dora)
    page = client.post(f"/handoffs/{handoff.pk}/resume/", follow=True).content.decode()
    assert (clock_of(handoff).state, "ended early by Dora Salinas" in page) == ("running", True)


def test_forms_are_offered_only_while_they_can_be_used(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    client.force_login(cast.bea)
    path = f"/leads/{handoff.lead_id}/"
    before = client.get(path).context
    pauses.pause(handoff, pause_reason(), until=TUESDAY, by=cast.bea, at=when("2026-03-02 11:00"))
    during = client.get(path).context
    found = [("pause" in each["forms"], each["clock"].can_resume) for each in (before, during)]
    assert found == [(True, False), (False, True)]


@pytest.mark.parametrize("path", ["/mine/", "/queue/?tab=decided"])
def test_lists_say_until_when_and_why(
    cast: Cast, client: Client, handoff: Handoff, path: str
) -> None:
    pauses.pause(handoff, pause_reason(), until=TUESDAY, by=cast.bea, at=when("2026-03-02 11:00"))
    client.force_login(cast.bea)
    page = client.get(path).content.decode()
    assert ("Paused until Tue 10:00" in page, "Asked to be called back" in page) == (True, True)


@pytest.mark.parametrize(
    ("who", "sees"), [("cruz", True), ("dora", True), ("elsa", True), ("ana", False)]
)
def test_own_times_are_seen_by_the_owner_and_those_above(
    cast: Cast, client: Client, handoff: Handoff, who: str, sees: bool
) -> None:
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=when(NOON))
    client.force_login(getattr(cast, who))
    own = client.get(f"/leads/{handoff.lead_id}/").context["clock"].own
    wanted = [("Bea Quintero", "in_time"), ("Cruz Medina", "running")] if sees else []
    assert [(each.name, each.status) for each in own] == wanted


def test_page_of_a_lead_without_owner_reads_no_earlier_owners(cast: Cast, client: Client) -> None:
    lead = factories.handed_off(cast).lead
    client.force_login(cast.dora)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/leads/{lead.pk}/").context["clock"].own == []
    assert not [each for each in queries if 'FROM "sla_stint"' in each["sql"]]


def test_mine_says_how_many_were_kept_by_the_own_clock(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    factories.contacted(cast)
    client.force_login(cast.bea)
    assert (
        "you kept 1 of 1 commitment in time, by your own clock"
        in client.get("/mine/").content.decode()
    )


# -- Saying when a contact was


@pytest.mark.parametrize(
    ("typed", "stopped_at"), [("2026-03-02T11:30", "2026-03-02 11:30"), ("", NOON)]
)
def test_contact_counts_from_the_moment_that_is_typed(
    cast: Cast, client: Client, handoff: Handoff, typed: str, stopped_at: str
) -> None:
    client.force_login(cast.bea)
    data = {"reached": "1", "channel": "phone", "happened_at": typed}
    answer = client.post(f"/handoffs/{handoff.pk}/attempt/", data)
    assert answer.status_code == 302, answer.context["forms"]["attempt"].errors
    assert clock_of(handoff).stopped_at == when(stopped_at)


def test_minute_of_the_acceptance_is_not_before_it(
    cast: Cast, client: Client, moment: Moment
) -> None:
    handoff, accepted = factories.handed_off(cast), when("2026-03-02 10:20:30")
    handoffs.accept(handoff, by=cast.bea, at=accepted)
    moment.set(NOON)
    client.force_login(cast.bea)
    data = {"reached": "1", "channel": "phone", "happened_at": "2026-03-02T10:20"}
    answer = client.post(f"/handoffs/{handoff.pk}/attempt/", data)
    assert answer.status_code == 302, answer.context["forms"]["attempt"].errors
    assert clock_of(handoff).stopped_at == accepted


def test_contact_before_the_acceptance_is_refused_on_its_field(
    cast: Cast, client: Client, handoff: Handoff
) -> None:
    client.force_login(cast.bea)
    data = {"reached": "1", "channel": "phone", "happened_at": "2026-03-02T09:00", "note": "Kept"}
    answer = client.post(f"/handoffs/{handoff.pk}/attempt/", data)
    form = answer.context["forms"]["attempt"]
    assert (answer.status_code, list(form.errors), form["note"].value()) == (
        422,
        ["happened_at"],
        "Kept",
    )
