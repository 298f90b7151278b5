"""Choosing leads in the list, the confirmation, and the page of what became of them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.bulk import acts
from leads.models import BulkAct, Handoff, Lead
from tests import factories

pytestmark = pytest.mark.django_db


def prepared(client, kind, *leads, **more):
    """Post the ticked leads; return the act that the answer leads to."""
    data = {"kind": kind, "lead": [lead.pk for lead in leads], **more}
    answer = client.post("/leads/bulk/", data)
    assert answer.status_code == 302, answer.content
    act = BulkAct.objects.latest("pk")
    assert answer.url == f"/leads/bulk/{act.pk}/"
    return act


def ids_of(act):
    return set(act.items.values_list("lead", flat=True))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("ana", ["hand_off", "archive"]),
        ("luis", ["hand_off", "archive"]),
        ("bea", []),
        ("dora", ["assign"]),
        ("elsa", ["assign"]),
    ],
)
def test_each_role_is_offered_the_acts_that_it_may_do(name, kinds, cast, signed_in):
    factories.accepted(cast)
    client = signed_in(getattr(cast, name))
    answer = client.get("/leads/")
    assert [kind.value for kind in answer.context["bulk_kinds"]] == kinds
    assert ('name="lead"' in answer.content.decode()) == bool(kinds)
    refused = {
        kind: client.post("/leads/bulk/", {"kind": kind, "lead": [1]}).status_code == 403
        for kind in ("hand_off", "archive", "assign")
    }
    assert refused == {kind: kind not in kinds for kind in refused}


def test_confirmation_names_the_number_and_where_the_leads_go(cast, signed_in, moment):
    leads = [factories.lead(cast) for _ in range(3)]
    client = signed_in(cast.ana)
    act = prepared(client, "hand_off", *leads[:2])
    page = client.get(f"/leads/bulk/{act.pk}/").content.decode()
    assert "<h1>Hand off 2 leads</h1>" in page
    assert '<button class="btn btn-primary">Hand off 2 leads</button>' in page
    assert 'decides by <time datetime="2026-03-02T18:00:00+00:00"' in page
    assert Handoff.objects.count() == 0


def test_all_that_match_are_those_of_the_filters_on_every_page(cast, signed_in, monkeypatch):
    wanted = {factories.lead(cast, from_source="event").pk for _ in range(3)}
    factories.lead(cast)
    client = signed_in(cast.ana)
    query = "source=event&after=2026-03-02.1"
    act = prepared(client, "hand_off", all="1", query=query)
    assert ids_of(act) == wanted
    page = client.get(f"/leads/bulk/{act.pk}/").content.decode()
    assert '<a href="/leads/?source=event&amp;after=2026-03-02.1">' in page


def test_ticked_leads_out_of_sight_are_left_out_without_a_word(cast, signed_in):
    mine, other = factories.lead(cast), factories.lead(cast, team=cast.other_marketing)
    act = prepared(signed_in(cast.ana), "archive", mine, other)
    assert ids_of(act) == {mine.pk}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"kind": "hand_off"}, 422),
        ({"kind": "sell", "lead": ["1"]}, 400),
        ({"kind": "hand_off", "lead": ["x"]}, 400),
        ({"kind": "hand_off", "lead": ["9" * 30]}, 400),
        ({"kind": "hand_off", "all": "1", "query": "colour=red"}, 400),
        ({"kind": "hand_off", "all": "1", "query": "stage=nonsense"}, 422),
    ],
)
def test_choice_that_cannot_be_read_does_nothing(data, status, cast, signed_in):
    factories.lead(cast)
    assert signed_in(cast.ana).post("/leads/bulk/", data).status_code == status
    assert not BulkAct.objects.exists()


def test_start_hands_off_and_the_result_links_the_skipped_with_their_reasons(
    cast, signed_in, moment
):
    ready, idle = factories.lead(cast), factories.lead(cast, did=None)
    client = signed_in(cast.ana)
    act = prepared(client, "hand_off", ready, idle)
    data = {"team": cast.sales.pk, "note": "Del webinar"}
    for _press in range(2):
        answer = client.post(f"/leads/bulk/{act.pk}/start/", data)
        assert (answer.status_code, answer.url) == (302, f"/leads/bulk/{act.pk}/")
    assert list(Handoff.objects.values_list("lead", "note")) == [(ready.pk, "Del webinar")]
    answer = client.get(answer.url)
    page = answer.content.decode()
    assert "Done: 1 of 2. Skipped: 1." in " ".join(page.split())
    assert f'<a href="/leads/{idle.pk}/">{idle.person.name}</a>' in page
    assert "This lead is not an MQL yet." in page


def test_start_without_a_team_keeps_what_was_typed(cast, signed_in):
    client = signed_in(cast.ana)
    act = prepared(client, "hand_off", factories.lead(cast))
    answer = client.post(f"/leads/bulk/{act.pk}/start/", {"team": "999", "note": "Del webinar"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["team"])
    assert "Del webinar" in answer.content.decode()
    assert Handoff.objects.count() == 0


def test_owners_to_assign_are_the_people_of_the_led_teams(cast, signed_in):
    factories.person("Sur Vendedor", cast.other_sales)
    handoff = factories.accepted(cast)
    names = {}
    for user in (cast.dora, cast.elsa):
        client = signed_in(user)
        act = prepared(client, "assign", handoff.lead)
        form = client.get(f"/leads/bulk/{act.pk}/").context["form"]
        names[user.name] = [name for value, name in form.fields["owner"].choices if value]
    team = ["Bea Quintero", "Cruz Medina", "Dora Salinas"]
    assert names == {"Dora Salinas": team, "Elsa Duarte": [*team, "Sur Vendedor"]}


def test_assigning_many_leads_asks_why(cast, signed_in):
    handoff = factories.accepted(cast)
    client = signed_in(cast.dora)
    act = prepared(client, "assign", handoff.lead)
    start = f"/leads/bulk/{act.pk}/start/"
    answer = client.post(start, {"owner": cast.cruz.pk})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["comment"])
    client.post(start, {"owner": cast.cruz.pk, "comment": "Bea se va"})
    event = handoff.events.get(kind="reassigned")
    assert event.payload["comment"] == "Bea se va"


def test_act_is_seen_by_its_author_only(cast, signed_in):
    act = prepared(signed_in(cast.ana), "archive", factories.lead(cast))
    other = signed_in(cast.luis)
    assert other.get(f"/leads/bulk/{act.pk}/").status_code == 404
    assert other.post(f"/leads/bulk/{act.pk}/start/").status_code == 404
    assert not Lead.objects.exclude(archived_at=None).exists()


def test_progress_reloads_the_page_at_the_end(cast, signed_in, monkeypatch):
    monkeypatch.setattr(acts, "DIRECTLY", 0)
    client = signed_in(cast.ana)
    act = prepared(client, "archive", factories.lead(cast))
    client.post(f"/leads/bulk/{act.pk}/start/")
    assert "hx-get" in client.get(f"/leads/bulk/{act.pk}/").content.decode()
    assert "HX-Refresh" not in client.get(f"/leads/bulk/{act.pk}/progress/").headers
    acts.work(30)
    assert client.get(f"/leads/bulk/{act.pk}/progress/").headers["HX-Refresh"] == "true"


@pytest.mark.parametrize("rows", [1, 6])
def test_pages_of_an_act_need_a_constant_number_of_queries(rows, cast, signed_in):
    leads = [factories.lead(cast) for _ in range(rows)]
    client = signed_in(cast.ana)
    counted = []
    act = prepared(client, "hand_off", *leads)
    for _page in ("confirmation", "result"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/leads/bulk/{act.pk}/").status_code == 200
        counted.append(len(captured))
        client.post(f"/leads/bulk/{act.pk}/start/", {"team": cast.sales.pk})
    assert counted == [14, 9]


def test_lead_that_has_left_ones_sight_is_not_named(cast, signed_in, moment):
    lead = factories.lead(cast)
    client = signed_in(cast.ana)
    acts_shown = [prepared(client, "archive", lead), prepared(client, "archive", lead)]
    client.post(f"/leads/bulk/{acts_shown[1].pk}/start/")
    cast.ana.memberships.all().delete()
    for act in acts_shown:
        page = client.get(f"/leads/bulk/{act.pk}/").content.decode()
        assert "This lead is no longer with you." in page
        assert lead.person.name not in page
        assert lead.company.name not in page
