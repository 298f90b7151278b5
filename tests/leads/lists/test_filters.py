"""The filters of the lists: what they keep, what they offer to whom, and what they refuse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils.translation import override

from crm.accounts.models import User
from leads import handoffs
from leads.lists import choices, owners
from leads.lists import handoffs as handoff_lists
from leads.lists.leads import lead_list
from leads.models import Lead
from tests import factories
from tests.factories import when

pytestmark = pytest.mark.django_db
# The factories' clocks: accept by 12:00, contact by 14:20.
LATE_FOR_THE_QUEUE = when("2026-03-02 12:30")


@pytest.fixture
def leads(cast):
    """Leads by name: with marketing, in the queue, accepted by Bea, and lost."""
    return {
        "fresh": factories.lead(cast, person={"country": ""}, company={"country": "CO"}),
        "waiting": factories.handed_off(cast, person={"country": "PE"}).lead,
        "accepted": factories.accepted(cast).lead,
        "lost": factories.lost(cast, by=cast.cruz).lead,
    }


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("owner={bea}", ["accepted"]),
        ("owner={cruz}", ["lost"]),
        ("team={marketing}", ["fresh", "waiting", "accepted", "lost"]),
        ("team={sales}", ["waiting", "accepted", "lost"]),
        ("country=CO", ["fresh"]),
        ("country=PE", ["waiting"]),
        ("country=MX", ["accepted", "lost"]),
        ("clock=late", ["waiting"]),
        ("clock=ok", ["accepted"]),
        ("clock=paused", []),
        ("owner={bea}&country=MX&clock=ok", ["accepted"]),
        ("owner={bea}&country=CO", []),
    ],
)
def test_lead_list_keeps(query, kept, cast, leads):
    ids = {"bea": cast.bea.pk, "cruz": cast.cruz.pk}
    ids |= {"marketing": cast.marketing.pk, "sales": cast.sales.pk}
    listed = lead_list(cast.elsa, QueryDict(query.format(**ids)), at=LATE_FOR_THE_QUEUE)
    assert listed.is_valid(), listed.form.errors
    names = {lead.pk: name for name, lead in leads.items()}
    assert {names[lead.pk] for lead in listed.listing.rows} == set(kept)


def test_team_filter_of_a_rep_is_asked_lead_by_lead(cast, leads):
    query = QueryDict(f"team={cast.sales.pk}")
    listed = lead_list(cast.bea, query, at=LATE_FOR_THE_QUEUE)
    # For IN, PostgreSQL reads all that the team ever got.
    assert listed.listing.branches is not None
    asked = [str(branch.query) for branch in listed.listing.branches()]
    assert [sql for sql in asked if "IN (SELECT" in sql] == []
    plain = lead_list(cast.elsa, query, at=LATE_FOR_THE_QUEUE).listing.rows
    seen = plain.filter(pk__in=Lead.objects.visible_to(cast.bea).values("pk"))
    page = listed.listing.page(after="", size=50)
    assert list(page.rows) == list(
        seen.order_by("-first_seen_on", "-pk").values_list("pk", flat=True)
    )


def offered(user, name):
    field = lead_list(user, QueryDict(), at=LATE_FOR_THE_QUEUE).form.fields[name]
    return [str(label) for value, label in field.choices if value]


def test_owners_are_those_of_leads_in_sight(cast, leads):
    elsewhere = factories.person("Sur Vendedor", cast.other_sales)
    other = factories.lead(cast, team=cast.other_marketing)
    handoff = factories.handed_off(cast, of=other, to=cast.other_sales)
    handoffs.accept(handoff, by=elsewhere, at=factories.ACCEPTED_AT)
    assert offered(cast.elsa, "owner") == ["Bea Quintero", "Cruz Medina", "Sur Vendedor"]
    assert offered(cast.ana, "owner") == ["Bea Quintero", "Cruz Medina"]
    assert offered(cast.dora, "owner") == ["Bea Quintero", "Cruz Medina", "Dora Salinas"]
    assert offered(cast.bea, "owner") == ["Bea Quintero"]
    assert offered(cast.extra, "owner") == []


def leave(person, at):
    User.objects.filter(pk=person.pk).update(is_active=False, deactivated_at=at)


def test_owners_who_left_are_offered_while_they_own_a_lead(cast, leads, django_assert_num_queries):
    """A second list, for which the process has kept who left long ago, offers the same."""
    leave(factories.person("Nada Propio", cast.sales), when("2026-01-01 12:00"))
    leave(cast.cruz, when("2026-03-02 12:00"))
    leave(cast.bea, when("2026-03-02 12:25"))
    both = ["Bea Quintero", "Cruz Medina"]
    for reader, expected in (
        (cast.elsa, both),
        (cast.ana, both),
        (cast.dora, [*both, "Dora Salinas"]),
    ):
        assert reader.memberships_now is not None
        assert reader.stands_in_for == []
        for _list in range(2):
            with django_assert_num_queries(1):
                found = owners.offered(reader, at=LATE_FOR_THE_QUEUE)
            assert [name for _pk, name in found] == expected
    assert {former.people for former in owners.FORMER.values()} == {
        ((cast.cruz.pk, "Cruz Medina"),)
    }


def test_owner_who_leaves_or_returns_is_offered_at_once(cast, leads):
    leave(cast.cruz, when("2026-03-02 12:00"))
    both = ["Bea Quintero", "Cruz Medina"]
    assert offered(cast.elsa, "owner") == both
    leave(cast.bea, LATE_FOR_THE_QUEUE)
    assert offered(cast.elsa, "owner") == both
    User.objects.filter(pk=cast.cruz.pk).update(is_active=True, deactivated_at=None)
    assert offered(cast.elsa, "owner") == both


def test_owner_who_left_and_lost_the_last_lead_goes_within_ten_minutes(cast, leads):
    leave(cast.cruz, when("2026-03-02 12:00"))
    assert offered(cast.elsa, "owner") == ["Bea Quintero", "Cruz Medina"]
    Lead.objects.filter(owner=cast.cruz).update(owner=None)
    later = LATE_FOR_THE_QUEUE + owners.LEFT_FOR
    assert [name for _pk, name in owners.offered(cast.elsa, at=later)] == ["Bea Quintero"]


def test_teams_are_those_in_sight(cast, leads):
    everyone = ["Marketing", "Marketing Sur", "Ventas", "Ventas Sur"]
    assert offered(cast.elsa, "team") == everyone
    assert offered(cast.ana, "team") == ["Marketing", "Ventas", "Ventas Sur"]
    assert offered(cast.bea, "team") == offered(cast.dora, "team") == ["Ventas"]
    assert offered(cast.extra, "team") == []


def test_countries_are_those_of_people_and_companies_by_name(cast, leads):
    with override("en"):
        found = choices.of_catalogues()["country"]
    assert found == (("CO", "Colombia"), ("MX", "Mexico"), ("PE", "Peru"))


def test_value_that_is_not_offered_shows_no_lead(cast, leads):
    for query in (f"owner={cast.ana.pk}", f"team={cast.other_sales.pk}", "clock=met", "country=AR"):
        listed = lead_list(cast.bea, QueryDict(query), at=LATE_FOR_THE_QUEUE)
        assert (listed.status, list(listed.listing.rows)) == (400, []), query


def test_field_with_nothing_to_choose_is_not_shown(cast, leads):
    shown = [field.name for field in lead_list(cast.bea, QueryDict(), at=LATE_FOR_THE_QUEUE).folded]
    assert "owner" not in shown and "team" not in shown and "clock" in shown


# -- My leads


def mine(user, query=""):
    tomorrow = LATE_FOR_THE_QUEUE + timedelta(days=1)
    listed = handoff_lists.mine(user, QueryDict(query), at=LATE_FOR_THE_QUEUE, until=tomorrow)
    return list(listed.listing.page(after="", size=50).rows)


def test_my_leads_have_what_is_still_due_first_and_nothing_due_last(cast):
    closing = factories.sql(cast)
    deciding = factories.contacted(cast)
    calling = factories.accepted(cast)
    assert mine(cast.bea) == [calling.pk, deciding.pk, closing.pk]
    assert mine(cast.bea, "stage=sql") == [closing.pk]
    assert mine(cast.bea, "clock=ok") == [calling.pk, deciding.pk]
    assert mine(cast.bea, f"q={deciding.lead.person.email}") == [deciding.pk]
