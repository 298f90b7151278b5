"""People, teams and the roles that follow from them."""

import pytest
from django.db import IntegrityError, transaction

from crm.accounts import people
from crm.accounts.models import Membership, Organisation, Team, User
from crm.audit.models import Entry
from tests import factories
from tests.factories import SIGNED_AT, Cast, when

NOON = when("2026-03-02 12:00")


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("ana", "marketing"),
        ("luis", "team_lead"),
        ("bea", "sales_rep"),
        ("cruz", "sales_rep"),
        ("dora", "team_lead"),
        ("elsa", "director"),
        ("root", "admin"),
    ],
)
def test_role_follows_from_teams_and_marks(cast: Cast, name: str, role: str) -> None:
    assert getattr(cast, name).role == role


def test_role_of_an_admin_in_a_team_is_that_of_the_team(cast: Cast) -> None:
    assert factories.person("Gil", cast.sales, is_admin=True).role == "sales_rep"


def test_team_ids_of_a_side(cast: Cast) -> None:
    both = factories.person("Gil", cast.sales, cast.marketing, leads=[cast.other_sales])
    assert sorted(both.team_ids("sales")) == sorted([cast.sales.pk, cast.other_sales.pk])


def test_team_ids_led(cast: Cast) -> None:
    both = factories.person("Gil", cast.sales, leads=[cast.other_sales])
    assert both.team_ids("sales", led=True) == [cast.other_sales.pk]


def test_archived_team_counts_no_more(cast: Cast) -> None:
    Team.objects.filter(pk=cast.sales.pk).update(archived_at=NOON)
    assert User.objects.get(pk=cast.bea.pk).team_ids("sales") == []


@pytest.mark.django_db
def test_person_without_password_cannot_use_one() -> None:
    assert people.create_person("Ana", by=None, at=NOON).has_usable_password() is False


@pytest.mark.django_db
def test_person_is_cleaned_and_lower_cased() -> None:
    person = people.create_person("  Ana \x00 Robles ", email=" Ana@Relevo.TEST ", by=None, at=NOON)
    assert (person.name, person.email) == ("Ana Robles", "ana@relevo.test")


@pytest.mark.django_db
def test_email_in_capitals_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError, match="user_email_lower"):
        User.objects.create(name="Ana", email="Ana@relevo.test")


@pytest.mark.django_db
def test_people_without_email_may_be_many() -> None:
    for name in ("Ana", "Bea"):
        people.create_person(name, by=None, at=NOON)
    assert User.objects.filter(email=None).count() == 2


def test_creating_a_person_is_audited(cast: Cast) -> None:
    person = people.create_person("Gil", by=cast.root, at=NOON)
    entry = Entry.objects.get(verb="person_created", subject_id=person.pk)
    assert (entry.actor, entry.at, entry.subject_type, entry.payload) == (
        cast.root,
        NOON,
        "user",
        {"name": "Gil"},
    )


def test_creating_a_team_is_audited(cast: Cast) -> None:
    team = people.create_team("Norte", "sales", by=cast.root, at=NOON)
    entry = Entry.objects.get(verb="team_created", subject_id=team.pk)
    assert (entry.actor, entry.payload) == (cast.root, {"name": "Norte", "side": "sales"})


def test_team_of_no_side_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="support"):
        people.create_team("Soporte", "support", by=None, at=NOON)


def test_team_name_is_unique_whatever_its_case(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="team_name_unique"), transaction.atomic():
        people.create_team("VENTAS", "sales", by=None, at=NOON)


def test_membership_is_once(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="membership_once"), transaction.atomic():
        Membership.objects.create(user=cast.bea, team=cast.sales, is_lead=True)


def test_second_organisation_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="organisation_is_one"), transaction.atomic():
        Organisation.objects.create(id=2, name="Otra")


@pytest.mark.django_db
def test_organisation_before_setup_has_the_defaults() -> None:
    found = people.organisation()
    assert (found.pk, found.name, found.currency) == (1, "Relevo", "USD")


@pytest.mark.django_db
def test_imported_people_are_created_inactive() -> None:
    found = people.get_or_create_by_external_id(
        {"r1": "Rep uno", "r2": "Rep dos"}, by=None, at=NOON
    )
    assert {
        key: (user.name, user.is_active, user.has_usable_password()) for key, user in found.items()
    } == {
        "r1": ("Rep uno", False, False),
        "r2": ("Rep dos", False, False),
    }


def test_imported_people_who_are_known_stay_as_they_are(cast: Cast) -> None:
    User.objects.filter(pk=cast.bea.pk).update(external_id="r1")
    found = people.get_or_create_by_external_id({"r1": "Otro nombre"}, by=None, at=NOON)
    assert (found["r1"].pk, found["r1"].name, found["r1"].is_active) == (
        cast.bea.pk,
        "Bea Quintero",
        True,
    )


@pytest.mark.django_db
def test_importing_people_twice_creates_them_once() -> None:
    for _run in range(2):
        people.get_or_create_by_external_id({"r1": "Rep uno"}, by=None, at=NOON)
    assert (User.objects.count(), Entry.objects.filter(verb="people_imported").count()) == (1, 1)


def test_preferences_are_saved_and_audited(cast: Cast) -> None:
    people.change_preferences(cast.bea, at=NOON, language="es", theme="dark")
    saved = User.objects.get(pk=cast.bea.pk)
    entry = Entry.objects.get(verb="preferences_changed")
    assert (saved.language, saved.theme, entry.actor, entry.payload) == (
        "es",
        "dark",
        cast.bea,
        {"language": "es", "theme": "dark"},
    )


@pytest.mark.parametrize("name", ["is_admin", "is_director", "email", "password"])
def test_what_is_no_preference_cannot_be_set_as_one(cast: Cast, name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is not a preference"):
        people.change_preferences(cast.bea, at=NOON, **{name: "x"})
    assert User.objects.get(pk=cast.bea.pk).is_admin is False


def test_cast_is_as_the_house_says(cast: Cast) -> None:
    sides = {
        user.name: sorted(m.team.side for m in user.memberships_now) for user in User.objects.all()
    }
    assert sides == {
        "Ana Robles": ["marketing"],
        "Luis Ferrer": ["marketing"],
        "Bea Quintero": ["sales"],
        "Cruz Medina": ["sales"],
        "Dora Salinas": ["sales"],
        "Elsa Duarte": [],
        "Root Otero": [],
        "Extra Vidal": [],
    }
    assert cast.agreement.in_force_from == SIGNED_AT
