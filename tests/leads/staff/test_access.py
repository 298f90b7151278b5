"""Who comes, changes place and goes; whoever goes leaves no open handoff behind."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from crm import invariants, tasks
from crm.accounts import invitations, leaves
from crm.accounts.models import Invitation, User
from crm.accounts.sign_in import sessions
from crm.audit.models import Entry
from crm.lib.errors import Conflict, DomainError, IllegalMove
from crm.notifications.models import Message
from leads import handoffs
from leads.handoffs import outcomes
from leads.models import Handoff, Lead
from leads.staff import access, memberships
from leads.staff.handover import WorkChanged, WorkRemains, fingerprint, work_of
from sla.models import Clock
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast, when

NOON = when("2026-03-02 12:00")


@pytest.fixture(autouse=True)
def noon(moment: Moment) -> None:
    moment.set(NOON)


def now(row: User | Handoff) -> User | Handoff:
    return type(row).objects.get(pk=row.pk)


def verbs(person: User) -> list[str]:
    rows = Entry.objects.filter(subject_type="user", subject_id=person.pk).order_by("pk")
    return [row.verb for row in rows if row.verb != "person_created"]


def told(kind: str) -> list[str]:
    return sorted(
        Message.objects.filter(kind=kind, channel="in_app").values_list(
            "recipient__name", flat=True
        )
    )


def kept() -> None:
    """Every promise that rows can break stands."""
    tasks.drain()
    assert list(invariants.violated(at=NOON, moved_time=True)) == []


# -- Coming


def test_invited_person_has_a_place_and_cannot_sign_in(cast: Cast) -> None:
    invitation = access.invite(
        " Fabi  Ríos ",
        "Fabi@Relevo.Test",
        teams=[(cast.sales, True)],
        language="en",
        by=cast.root,
        at=NOON,
    )
    person = invitation.person
    assert (person.name, person.email, person.language) == ("Fabi Ríos", "fabi@relevo.test", "en")
    assert (person.is_active, person.has_usable_password(), person.role) == (
        False,
        False,
        "team_lead",
    )
    assert verbs(person) == ["person_invited"]


def test_invited_person_is_not_told_of_handoffs(cast: Cast) -> None:
    access.invite("Fabi", "fabi@relevo.test", teams=[(cast.sales, False)], by=cast.root, at=NOON)
    factories.handed_off(cast)
    assert told("handoff.new") == ["Bea Quintero", "Cruz Medina", "Dora Salinas"]


def test_invitation_speaks_the_organisations_language_by_default(cast: Cast) -> None:
    invitation = access.invite("Fabi", "fabi@relevo.test", is_admin=True, by=cast.root, at=NOON)
    assert invitation.person.language == "es"


@pytest.mark.parametrize(
    ("name", "email", "field"),
    [
        ("", "fabi@relevo.test", "name"),
        ("Fabi", "no mail", "email"),
        ("Fabi", "", "email"),
        ("Fabi", "BEA@relevo.test", "email"),
    ],
)
def test_invitation_refused_names_the_field(cast: Cast, name: str, email: str, field: str) -> None:
    with pytest.raises(memberships.BadPerson) as caught:
        access.invite(name, email, teams=[(cast.sales, False)], by=cast.root, at=NOON)
    assert (list(caught.value.fields), User.objects.filter(is_active=False).count()) == ([field], 0)


def test_invitation_without_any_place_is_refused(cast: Cast) -> None:
    with pytest.raises(memberships.BadPerson) as caught:
        access.invite("Fabi", "fabi@relevo.test", by=cast.root, at=NOON)
    assert list(caught.value.fields) == ["teams"]


def test_invitation_to_an_archived_team_is_refused(cast: Cast) -> None:
    cast.sales.archived_at = NOON
    with pytest.raises(memberships.BadPerson):
        access.invite(
            "Fabi", "fabi@relevo.test", teams=[(cast.sales, False)], by=cast.root, at=NOON
        )


def test_invitation_is_mailed_without_its_link(cast: Cast, settings: Settings) -> None:
    settings.MAIL_ON = True
    invitation = access.invite("Fabi", "fabi@relevo.test", is_admin=True, by=cast.root, at=NOON)
    message = Message.objects.get(kind="invitation")
    assert (message.recipient, message.channel, message.path) == (invitation.person, "email", "")
    assert invitation.nonce not in str(message.params)


# -- Changing


def test_rename_takes_a_link_to_another_address_back(cast: Cast) -> None:
    person = access.invite("Fabi", "fabi@relevo.test", is_admin=True, by=cast.root, at=NOON).person
    access.rename(person, name="Fabiola", email="Fabiola@relevo.test", by=cast.root, at=NOON)
    assert (now(person).email, Invitation.objects.get().revoked_at) == ("fabiola@relevo.test", NOON)


def test_rename_to_somebody_elses_email_is_refused(cast: Cast) -> None:
    with pytest.raises(memberships.BadPerson) as caught:
        access.rename(cast.cruz, name="Cruz", email="bea@relevo.test", by=cast.root, at=NOON)
    assert list(caught.value.fields) == ["email"]


def test_roles_change_and_are_recorded(cast: Cast) -> None:
    memberships.change_roles(cast.bea, is_director=True, is_admin=False, by=cast.root, at=NOON)
    assert (now(cast.bea).is_director, verbs(cast.bea)) == (True, ["roles_changed"])


def test_last_admin_stays_one(cast: Cast) -> None:
    with pytest.raises(memberships.StaffingConflict):
        memberships.change_roles(cast.root, is_director=True, is_admin=False, by=cast.root, at=NOON)
    assert now(cast.root).is_admin is True


def test_invited_admin_does_not_count_as_one(cast: Cast) -> None:
    access.invite("Fabi", "fabi@relevo.test", is_admin=True, by=cast.root, at=NOON)
    with pytest.raises(memberships.StaffingConflict):
        memberships.change_roles(
            cast.root, is_director=False, is_admin=False, by=cast.root, at=NOON
        )


def test_teams_are_set_as_given(cast: Cast) -> None:
    memberships.change_teams(
        cast.bea, [(cast.sales, True), (cast.other_sales, False)], by=cast.root, at=NOON
    )
    places = {m.team.name: m.is_lead for m in now(cast.bea).memberships_now}
    assert (places, verbs(cast.bea)) == ({"Ventas": True, "Ventas Sur": False}, ["teams_changed"])


def test_team_with_open_work_is_not_left(cast: Cast) -> None:
    factories.contacted(cast)
    with pytest.raises(memberships.StaffingConflict) as caught:
        memberships.change_teams(cast.bea, [(cast.other_sales, False)], by=cast.root, at=NOON)
    assert list(caught.value.fields) == ["teams"]
    assert [m.team for m in now(cast.bea).memberships_now] == [cast.sales]


def test_team_with_closed_work_only_is_left(cast: Cast) -> None:
    factories.won(cast)
    memberships.change_teams(cast.bea, [(cast.other_sales, False)], by=cast.root, at=NOON)
    assert [m.team for m in now(cast.bea).memberships_now] == [cast.other_sales]


def test_sessions_end_everywhere_and_only_that_persons(cast: Cast) -> None:
    phone, laptop, other = Client(), Client(), Client()
    phone.force_login(cast.bea), laptop.force_login(cast.bea), other.force_login(cast.cruz)
    assert phone.get("/preferences/").status_code == 200
    sessions.end_all(cast.bea, by=cast.root, at=NOON)
    assert [c.get("/preferences/").status_code for c in (phone, laptop, other)] == [302, 302, 200]
    phone.force_login(now(cast.bea))
    assert phone.get("/preferences/").status_code == 200


# -- One handoff to somebody else


def test_reassigned_handoff_keeps_its_deadline_and_counts_for_the_new_owner(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    due_at = handoff.clock.due_at
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON, why="Bea is away")
    clock = Clock.objects.get(subject_id=handoff.pk, metric="first_contact")
    assert (clock.accountable, clock.due_at, clock.stopped_at) == (cast.cruz, due_at, None)
    assert (now(handoff).owner, now(handoff).state, Lead.objects.get().owner) == (
        cast.cruz,
        "accepted",
        cast.cruz,
    )
    assert (told("handoff.reassigned"), told("handoff.taken_over")) == (
        ["Cruz Medina"],
        ["Bea Quintero"],
    )
    event = handoff.events.get(kind="reassigned")
    assert (event.actor, event.from_state, event.to_state) == (cast.dora, "accepted", "accepted")
    kept()


def test_reassigned_handoff_leaves_the_sight_of_who_had_it(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON)
    seen = [list(model.objects.visible_to(cast.bea)) for model in (Handoff, Lead)]
    assert (seen, list(Handoff.objects.visible_to(cast.cruz))) == ([[], []], [handoff])


def test_what_who_had_it_sends_now_is_a_lost_race(cast: Cast) -> None:
    handoff = factories.sql(cast)
    stale = Handoff.objects.get(pk=handoff.pk)
    handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON)
    with pytest.raises(handoffs.AlreadyTaken) as caught:
        outcomes.open_opportunity(stale, by=cast.bea, at=NOON)
    changed_by = {"id": cast.dora.pk, "name": "Dora Salinas"}
    assert caught.value.more == {"state": "sql", "changed_by": changed_by}


@pytest.mark.parametrize("make", ["handed_off", "rejected", "won", "withdrawn"])
def test_only_what_somebody_works_on_is_reassigned(cast: Cast, make: str) -> None:
    with pytest.raises(IllegalMove):
        handoffs.reassign(getattr(factories, make)(cast), cast.cruz, by=cast.dora, at=NOON)


def test_reassign_of_a_handoff_that_moved_on_is_a_conflict(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    stale = Handoff.objects.select_related("owner").get(pk=handoff.pk)
    handoffs.requeue(handoff, by=cast.dora, at=NOON, cause="x")
    with pytest.raises(Conflict):
        handoffs.reassign(stale, cast.cruz, by=cast.dora, at=NOON)


def test_database_refuses_an_inactive_owner(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    User.objects.filter(pk=cast.cruz.pk).update(is_active=False)
    with (
        pytest.raises(IntegrityError, match=f"person {cast.cruz.pk} is not active"),
        transaction.atomic(),
    ):
        Handoff.objects.filter(pk=handoff.pk).update(owner=cast.cruz)
    with pytest.raises(handoffs.OwnerLeft):
        handoffs.reassign(handoff, cast.cruz, by=cast.dora, at=NOON)


# -- Going


def parcels(person: User) -> dict[str, tuple[int, list[str]]]:
    return {p.key: (p.count, [c.name for c in p.colleagues]) for p in work_of(person, at=NOON)}


def test_work_comes_in_parcels_with_who_may_take_it(cast: Cast) -> None:
    (
        factories.accepted(cast),
        factories.accepted(cast),
        factories.contacted(cast),
        factories.opportunity(cast),
    )
    factories.won(cast)
    leaves.take(cast.cruz, date(2026, 3, 2), date(2026, 3, 6), by=cast.cruz, at=NOON)
    access.invite("Fabi", "fabi@relevo.test", teams=[(cast.sales, False)], by=cast.root, at=NOON)
    team = cast.sales.pk
    assert parcels(cast.bea) == {
        f"{team}-new": (2, ["Dora Salinas"]),
        f"{team}-known": (2, ["Dora Salinas"]),
    }


def test_work_of_a_team_without_anybody_else_may_go_to_another_team(cast: Cast) -> None:
    gil = factories.person("Gil", cast.other_sales)
    factories.accepted(cast, by=gil, to=cast.other_sales)
    assert list(parcels(gil).values()) == [(1, ["Bea Quintero", "Cruz Medina", "Dora Salinas"])]


def test_deactivation_moves_the_work(cast: Cast) -> None:
    fresh, known = factories.accepted(cast), factories.contacted(cast)
    team = cast.sales.pk
    heirs = {f"{team}-new": None, f"{team}-known": cast.cruz}
    moved = access.deactivate(cast.bea, heirs=heirs, by=cast.root, at=NOON)
    assert moved == {"": 1, "Cruz Medina": 1}
    assert (now(fresh).state, now(fresh).owner) == ("pending", None)
    assert (now(known).state, now(known).owner) == ("contacted", cast.cruz)
    assert (now(cast.bea).is_active, now(cast.bea).deactivated_at) == (False, NOON)
    assert "Bea Quintero" not in told("handoff.requeued") + told("handoff.taken_over")
    entry = Entry.objects.get(verb="person_deactivated")
    assert (entry.actor, entry.subject_id, entry.payload["moved"]) == (
        cast.root,
        cast.bea.pk,
        moved,
    )
    kept()


def test_deactivation_without_an_heir_changes_nothing(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    for heirs in ({}, {f"{cast.sales.pk}-known": None}, {f"{cast.sales.pk}-known": cast.ana}):
        with pytest.raises(WorkRemains) as caught:
            access.deactivate(cast.bea, heirs=heirs, by=cast.root, at=NOON)
        assert list(caught.value.fields) == [f"{cast.sales.pk}-known"]
    assert (now(cast.bea).is_active, now(handoff).owner, verbs(cast.bea)) == (True, cast.bea, [])


def test_deactivated_person_is_out_at_the_next_request(cast: Cast) -> None:
    phone, laptop = Client(), Client()
    phone.force_login(cast.bea), laptop.force_login(cast.bea)
    assert [c.get("/queue/").status_code for c in (phone, laptop)] == [200, 200]
    access.deactivate(cast.bea, heirs={}, by=cast.root, at=NOON)
    assert [c.get("/queue/").url for c in (phone, laptop)] == ["/accounts/login/?next=/queue/"] * 2


def test_sessions_of_before_do_not_come_back_with_the_person(cast: Cast) -> None:
    phone = Client()
    phone.force_login(cast.bea)
    access.deactivate(cast.bea, heirs={}, by=cast.root, at=NOON)
    assert access.reactivate(cast.bea, by=cast.root, at=NOON) is None
    assert (now(cast.bea).is_active, phone.get("/queue/").status_code) == (True, 302)


def test_deactivation_ends_the_invitation(cast: Cast) -> None:
    invitation = access.invite(
        "Fabi", "fabi@relevo.test", teams=[(cast.sales, False)], by=cast.root, at=NOON
    )
    access.deactivate(invitation.person, heirs={}, by=cast.root, at=NOON)
    assert Client().get(invitations.path_of(invitation)).status_code == 410
    renewed = access.reactivate(invitation.person, by=cast.root, at=NOON)
    assert renewed is not None
    assert (
        now(invitation.person).is_active,
        Client().get(invitations.path_of(renewed)).status_code,
    ) == (False, 200)


def test_work_is_compared_again_under_the_lock(cast: Cast) -> None:
    factories.accepted(cast)
    shown = fingerprint(work_of(cast.bea, at=NOON))
    factories.accepted(cast)
    heirs = {f"{cast.sales.pk}-new": None}
    with pytest.raises(WorkChanged):
        access.deactivate(cast.bea, heirs=heirs, by=cast.root, at=NOON, shown=shown)
    shown = fingerprint(work_of(cast.bea, at=NOON))
    moved = access.deactivate(cast.bea, heirs=heirs, by=cast.root, at=NOON, shown=shown)
    assert moved == {"": 2}


def test_nobody_deactivates_themselves_nor_the_last_admin(cast: Cast) -> None:
    other = factories.person("Gil", is_admin=True)
    with pytest.raises(memberships.StaffingConflict):
        access.deactivate(cast.root, heirs={}, by=cast.root, at=NOON)
    access.deactivate(other, heirs={}, by=cast.root, at=NOON)
    with pytest.raises(memberships.StaffingConflict):
        access.deactivate(cast.root, heirs={}, by=other, at=NOON)
    assert now(cast.root).is_active is True


def test_nobody_is_deactivated_twice(cast: Cast) -> None:
    access.deactivate(cast.bea, heirs={}, by=cast.root, at=NOON)
    with pytest.raises(memberships.StaffingConflict):
        access.deactivate(cast.bea, heirs={}, by=cast.root, at=NOON)
    assert verbs(cast.bea).count("person_deactivated") == 1


def test_what_the_organisation_will_lack_is_said(cast: Cast) -> None:
    assert len(memberships.gaps_without(cast.dora)) == 1  # sales has no other lead
    assert memberships.gaps_without(cast.bea) == []
    assert len(memberships.gaps_without(cast.elsa)) == 1
    gil = factories.person("Gil", cast.other_sales)
    assert ["Ventas Sur" in text for text in memberships.gaps_without(gil)] == [True]


def test_marketing_persons_leads_stay_with_the_team(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    access.deactivate(cast.ana, heirs={}, by=cast.root, at=NOON)
    assert list(Lead.objects.visible_to(cast.luis)) == [handoff.lead]


def test_outcome_of_a_handoff_whose_submitter_left_is_told_to_the_leads_of_the_team(
    cast: Cast,
) -> None:
    handoff = factories.handed_off(cast)
    access.deactivate(cast.ana, heirs={}, by=cast.root, at=NOON)
    handoffs.reject(now(handoff), factories.rejection(), by=cast.bea, at=NOON)
    assert told("handoff.rejected") == ["Luis Ferrer"]


def test_hand_over_moves_the_work_of_somebody_who_stays(cast: Cast) -> None:
    handoff = factories.accepted(cast)
    heirs = {f"{cast.sales.pk}-new": cast.cruz}
    assert access.hand_over(cast.bea, heirs, by=cast.root, at=NOON) == {"Cruz Medina": 1}
    assert (now(handoff).owner, now(cast.bea).is_active) == (cast.cruz, True)
    assert verbs(cast.bea) == ["work_handed_over"]


def test_refusals_are_errors_that_people_can_act_on() -> None:
    assert all(
        issubclass(e, DomainError)
        for e in (memberships.BadPerson, memberships.StaffingConflict, WorkRemains)
    )


# -- The button on the lead page


def give(person: User, handoff: Handoff, to: User) -> int:
    client = Client()
    client.force_login(person)
    typed = {"owner": to.pk, "comment": "Too many leads"}
    return client.post(f"/handoffs/{handoff.pk}/reassign/", typed).status_code


def test_lead_and_director_reassign_and_nobody_else(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    refused = [
        give(person, handoff, cast.cruz) for person in (cast.bea, cast.ana, cast.cruz, cast.root)
    ]
    assert (refused, now(handoff).owner) == ([403, 403, 404, 404], cast.bea)
    assert (give(cast.dora, handoff, cast.cruz), now(handoff).owner) == (302, cast.cruz)
    assert (give(cast.elsa, handoff, cast.bea), now(handoff).owner) == (302, cast.bea)


def test_handoff_is_not_given_to_somebody_outside_sales(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    assert (give(cast.dora, handoff, cast.ana), now(handoff).owner) == (422, cast.bea)


def test_lead_page_offers_colleagues_who_are_here(cast: Cast) -> None:
    handoff = factories.contacted(cast)
    leaves.take(cast.cruz, date(2026, 3, 2), date(2026, 3, 6), by=cast.cruz, at=NOON)
    client = Client()
    client.force_login(cast.dora)
    form = client.get(f"/leads/{handoff.lead_id}/").context["forms"]["reassign"]
    assert [name for _pk, name in form.fields["owner"].choices][1:] == ["Dora Salinas"]
