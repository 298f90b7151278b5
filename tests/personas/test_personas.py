"""Personas and their versions."""

import pytest
from django.db import IntegrityError, transaction

from crm.audit.models import Entry
from personas import drafts, personas
from personas.models import Criterion, PersonaVersion
from tests import factories
from tests.factories import Cast, when
from tests.terms import ROLE, SIZE

NOON = when("2026-03-02 12:00")


def test_next_version_is_published_and_the_one_before_superseded(cast: Cast) -> None:
    newer = personas.publish_version(cast.persona.persona, {}, [SIZE], by=cast.luis, at=NOON)
    states = cast.persona.persona.versions.order_by("number").values_list("number", "state")
    assert (list(states), newer.published_at) == ([(1, "superseded"), (2, "published")], NOON)


def test_superseded_version_keeps_its_criteria(cast: Cast) -> None:
    personas.publish_version(cast.persona.persona, {}, [SIZE], by=cast.luis, at=NOON)
    kept = PersonaVersion.objects.get(pk=cast.persona.pk).criteria.values_list("code", flat=True)
    assert list(kept) == ["size", "role", "budget", "decides"]


def test_criteria_stand_in_the_order_given(cast: Cast) -> None:
    newer = personas.publish_version(cast.persona.persona, {}, [ROLE, SIZE], by=cast.luis, at=NOON)
    assert list(newer.criteria.values_list("code", "position")) == [("role", 0), ("size", 1)]


def test_publishing_is_audited(cast: Cast) -> None:
    newer = personas.publish_version(cast.persona.persona, {}, [SIZE], by=cast.luis, at=NOON)
    entry = Entry.objects.get(verb="persona_published", subject_id=newer.pk)
    assert (entry.actor, entry.at, entry.payload) == (
        cast.luis,
        NOON,
        {"persona": "commercial-leader", "number": 2},
    )


def test_two_published_versions_are_refused_by_the_database(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="persona_one_published"), transaction.atomic():
        second = PersonaVersion.objects.create(persona=cast.persona.persona, number=2)
        PersonaVersion.objects.filter(pk=second.pk).update(state="published", published_at=NOON)


def test_published_version_without_moment_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="persona_published_has_moment"), transaction.atomic():
        second = PersonaVersion.objects.create(persona=cast.persona.persona, number=2)
        PersonaVersion.objects.filter(pk=cast.persona.pk).update(state="superseded")
        PersonaVersion.objects.filter(pk=second.pk).update(state="published")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"kind": "mood"}, "criterion_kind_known"),
        ({"operator": "smells"}, "criterion_operator_known"),
    ],
)
def test_unknown_kind_of_criterion_is_refused(
    cast: Cast, change: dict[str, str], name: str
) -> None:
    draft = drafts.start(cast.persona.persona, by=cast.luis, at=NOON)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Criterion.objects.create(version=draft, **{**SIZE, "code": "new", **change})


def test_criterion_code_is_once_in_a_version(cast: Cast) -> None:
    draft = drafts.start(cast.persona.persona, by=cast.luis, at=NOON)
    with pytest.raises(IntegrityError, match="criterion_code_once"), transaction.atomic():
        Criterion.objects.create(version=draft, **SIZE)


def test_published_are_the_newest_of_personas_in_use(cast: Cast) -> None:
    archived = factories.persona("archived")
    archived.persona.archived_at = NOON
    archived.persona.save()
    newer = personas.publish_version(cast.persona.persona, {}, [SIZE], by=None, at=NOON)
    owner = factories.persona("an-owner")
    assert personas.published() == [owner, newer]
