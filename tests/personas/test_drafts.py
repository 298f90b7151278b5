"""Drafts: one at a time, saved over the revision that was read, published whole, kept in the record
when discarded.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from crm.audit.models import Entry
from crm.notifications.models import Message
from leads.records import custom_fields
from personas import drafts, personas
from personas.models import Criterion, PersonaVersion
from tests import factories
from tests.factories import Cast, when
from tests.terms import BUDGET, ROLE, SIZE

NOON = when("2026-03-02 12:00")
LATER = when("2026-03-02 13:00")
TEXT = {"who": {"es": "Dirige ventas", "en": "Leads sales"}, "goals": [{"es": "Crecer"}]}


def begun(cast: Cast) -> PersonaVersion:
    return drafts.start(cast.persona.persona, by=cast.luis, at=NOON)


def saved(
    draft: PersonaVersion, cast: Cast, content: Any = TEXT, criteria: Any = (SIZE,), **more: Any
) -> PersonaVersion:
    how = {
        "revision": draft.revision,
        "fields": custom_fields.criterion_fields(),
        "by": cast.luis,
        "at": NOON,
        **more,
    }
    return drafts.edit(draft, content, criteria, **how)


def published(draft: PersonaVersion, cast: Cast, **more: Any) -> PersonaVersion:
    how = {
        "revision": draft.revision,
        "fields": custom_fields.criterion_fields(),
        "by": cast.luis,
        "at": LATER,
        **more,
    }
    return drafts.publish(draft, **how)


# -- Drafts


def test_draft_says_what_the_published_version_says(cast: Cast) -> None:
    draft = begun(cast)
    assert (draft.number, draft.state, draft.content) == (2, "draft", cast.persona.content)
    copied = draft.criteria.values_list(
        "code", "kind", "field", "operator", "operand", "weight", "position"
    )
    assert list(copied) == list(
        cast.persona.criteria.values_list(
            "code", "kind", "field", "operator", "operand", "weight", "position"
        )
    )


def test_second_start_gives_the_same_draft(cast: Cast) -> None:
    first = begun(cast)
    assert drafts.start(cast.persona.persona, by=cast.dora, at=LATER) == first


def test_draft_of_a_persona_with_an_open_one_is_refused(cast: Cast) -> None:
    begun(cast)
    with pytest.raises(drafts.DraftIsOpen):
        drafts.write(cast.persona.persona, {}, (), by=cast.luis, at=NOON)


def test_save_replaces_text_and_criteria(cast: Cast) -> None:
    draft = saved(begun(cast), cast, criteria=[ROLE, SIZE])
    draft = PersonaVersion.objects.get(pk=draft.pk)
    assert (draft.content, draft.revision, draft.changed_by) == (TEXT, 2, cast.luis)
    assert list(draft.criteria.values_list("code", "position")) == [("role", 0), ("size", 1)]


def test_save_drops_what_says_nothing(cast: Cast) -> None:
    draft = saved(
        begun(cast),
        cast,
        {"who": {"es": " Dirige\u0000 "}, "goals": [{"es": " "}, {"en": "Grow"}], "pains": []},
    )
    assert draft.content == {"who": {"es": "Dirige"}, "goals": [{"en": "Grow"}]}


def test_save_over_a_newer_revision_is_refused_and_changes_nothing(cast: Cast) -> None:
    draft = begun(cast)
    saved(draft, cast)
    with pytest.raises(drafts.ChangedMeanwhile):
        saved(draft, cast, {"who": {"es": "Otra"}}, by=cast.dora)
    assert PersonaVersion.objects.get(pk=draft.pk).content == TEXT


def test_criterion_keeps_its_code_and_a_new_one_gets_its_own(cast: Cast) -> None:
    new = {
        **SIZE,
        "code": "",
        "text": {"es": "Tiene al menos 20 empleados", "en": "Has at least 20 employees"},
    }
    draft = saved(begun(cast), cast, criteria=[SIZE, new, new])
    codes = ["size", "has-at-least-20-employees", "has-at-least-20-employees-2"]
    assert list(draft.criteria.values_list("code", flat=True)) == codes


@pytest.mark.parametrize(
    ("change", "part", "words"),
    [
        ({"field": "company.mood"}, "field", "company.mood"),
        ({"field": ""}, "field", "is confirmed by a person"),
        (
            {"operator": "contains_any", "operand": ["x"]},
            "operator",
            "“contains any of” does not fit “Employees” (number)",
        ),
        ({"operator": "smells"}, "operator", "“smells” does not fit “Employees”"),
        ({"operand": "many"}, "operand", "“many” is not a number"),
        ({"operand": None}, "operand", "compared with"),
        ({"weight": 0}, "weight", "1 to 100"),
        ({"kind": "mood"}, "kind", "mood"),
        ({"text": {}}, "text", "at least one language"),
        (
            {"field": "lead.source", "operator": "in", "operand": ["event", "the-moon"]},
            "operand",
            "the-moon",
        ),
        (
            {"field": "attributes.decides", "operand": True, "operator": "at_least"},
            "operator",
            "Decides the purchase",
        ),
    ],
)
def test_criterion_that_no_machine_can_judge_is_refused_by_name(
    cast: Cast,
    change: dict[str, Any],
    part: str,
    words: str,
) -> None:
    from django.utils import translation

    with translation.override("en"), pytest.raises(drafts.Unjudgeable) as refused:
        saved(begun(cast), cast, criteria=[ROLE, {**SIZE, **change}])
    assert list(refused.value.fields) == [f"criteria-1-{part}"]
    assert words in str(refused.value.fields[f"criteria-1-{part}"])


@pytest.mark.parametrize("kind", ["need", "timing"])
def test_need_and_timing_are_kinds_a_person_may_confirm(cast: Cast, kind: str) -> None:
    asked = {**SIZE, "code": "soon", "kind": kind, "field": "", "operator": "said", "operand": None}
    draft = saved(begun(cast), cast, criteria=[SIZE, asked])
    assert draft.criteria.get(code="soon").kind == kind


def test_discard_removes_the_draft_and_keeps_its_words_in_the_record(cast: Cast) -> None:
    draft = saved(begun(cast), cast)
    drafts.discard(draft, revision=draft.revision, by=cast.dora, at=LATER)
    entry = Entry.objects.get(verb="persona_draft_discarded")
    assert list(cast.persona.persona.versions.values_list("number", flat=True)) == [1]
    assert (entry.actor, entry.payload["content"], entry.payload["criteria"][0]["code"]) == (
        cast.dora,
        TEXT,
        "size",
    )


def test_discarded_draft_cannot_be_saved(cast: Cast) -> None:
    draft = begun(cast)
    drafts.discard(draft, revision=draft.revision, by=cast.dora, at=LATER)
    with pytest.raises(drafts.NotADraft):
        saved(draft, cast)


# -- Publishing


def test_publish_supersedes_the_version_before(cast: Cast) -> None:
    newer = published(saved(begun(cast), cast), cast)
    states = cast.persona.persona.versions.order_by("number").values_list("number", "state")
    assert list(states) == [(1, "superseded"), (2, "published")]
    assert (newer.published_at, newer.published_by) == (LATER, cast.luis)


def test_publish_tells_the_leads_of_both_sides_but_not_who_did_it(cast: Cast) -> None:
    newer = published(saved(begun(cast), cast), cast)
    told = Message.objects.filter(kind="persona.published", channel="in_app")
    assert [(m.recipient, m.path, m.params["number"]) for m in told] == [
        (cast.dora, f"/personas/{newer.persona_id}/", 2)
    ]


def test_publish_of_another_revision_than_was_read_is_refused(cast: Cast) -> None:
    draft = begun(cast)
    saved(draft, cast)
    with pytest.raises(drafts.ChangedMeanwhile):
        published(draft, cast)


@pytest.mark.parametrize(("content", "criteria"), [({}, [SIZE]), (TEXT, [BUDGET])])
def test_publish_of_an_incomplete_draft_is_refused(cast: Cast, content: Any, criteria: Any) -> None:
    draft = saved(begun(cast), cast, content, criteria)
    with pytest.raises(drafts.Incomplete):
        published(draft, cast)
    assert personas.published() == [cast.persona]


def test_published_version_cannot_be_published_again(cast: Cast) -> None:
    newer = published(saved(begun(cast), cast), cast)
    with pytest.raises(drafts.NotADraft):
        published(newer, cast)


# -- What the database itself refuses


def test_two_drafts_are_refused_by_the_database(cast: Cast) -> None:
    begun(cast)
    with pytest.raises(IntegrityError, match="persona_one_draft"), transaction.atomic():
        PersonaVersion.objects.create(persona=cast.persona.persona, number=3)


FROZEN = {
    "content": "UPDATE personas_personaversion SET content = '{}' WHERE id = {pk}",
    "number": "UPDATE personas_personaversion SET number = 9 WHERE id = {pk}",
    "published_at": (
        "UPDATE personas_personaversion SET published_at = relevo_now() WHERE id = {pk}"
    ),
    "removal": "DELETE FROM personas_personaversion WHERE id = {pk}",
    "criterion": "UPDATE personas_criterion SET operand = '1' WHERE version_id = {pk}",
    "fewer criteria": "DELETE FROM personas_criterion WHERE version_id = {pk}",
    "more criteria": (
        "INSERT INTO personas_criterion (version_id, code, kind, text, field, operator, weight,"
        " position) VALUES ({pk}, 'x', 'fit', '{{}}', '', 'said', 1, 9)"
    ),
    "criteria from elsewhere": (
        "UPDATE personas_criterion SET version_id = {pk} WHERE version_id = {draft}"
    ),
    "criteria to elsewhere": (
        "UPDATE personas_criterion SET version_id = {draft}, code = 'y' WHERE version_id = {pk}"
    ),
}


@pytest.mark.parametrize("role", ["relevo_app", "owner"])
@pytest.mark.parametrize("state", ["published", "superseded"])
def test_text_that_was_published_is_altered_by_no_statement(
    cast: Cast, state: str, role: str
) -> None:
    version = cast.persona
    if state == "superseded":
        personas.publish_version(version.persona, TEXT, [SIZE], by=cast.luis, at=NOON)
    draft = begun(cast)
    refused = {}
    with connection.cursor() as cursor:
        if role == "relevo_app":
            cursor.execute("SET ROLE relevo_app")
        for name, statement in FROZEN.items():
            sql = statement.replace("'{}'", "'{{}}'").format(pk=version.pk, draft=draft.pk)
            try:
                with transaction.atomic():
                    cursor.execute(sql)
            except DatabaseError as error:
                refused[name] = str(error).splitlines()[0]
        cursor.execute("RESET ROLE")
    told = {"removal": f"personas_personaversion: a {state} version is never removed"}
    told |= dict.fromkeys(
        ("content", "number", "published_at"),
        f"personas_personaversion: a {state} version cannot change",
    )
    criteria = f"personas_criterion: the criteria of a {state} version cannot change"
    assert refused == {name: told.get(name, criteria) for name in FROZEN}


def test_version_is_never_born_published(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="begins as a draft"), transaction.atomic():
        PersonaVersion.objects.create(
            persona=cast.persona.persona, number=2, state="superseded", published_at=NOON
        )


def test_weight_outside_1_to_100_is_refused_by_the_database(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="criterion_weight_1_to_100"), transaction.atomic():
        Criterion.objects.create(version=begun(cast), **{**SIZE, "code": "heavy", "weight": 101})


# -- Personas


def test_archived_persona_is_offered_nowhere_and_keeps_its_version(cast: Cast) -> None:
    handoff = factories.handed_off(cast)
    personas.archive(cast.persona.persona, by=cast.dora, at=NOON)
    assert (personas.published(), handoff.persona_version) == ([], cast.persona)


def test_restored_persona_is_in_use_again(cast: Cast) -> None:
    personas.archive(cast.persona.persona, by=cast.dora, at=NOON)
    personas.restore(cast.persona.persona, by=cast.dora, at=LATER)
    assert personas.published() == [cast.persona]


def test_rename_over_another_name_tells_the_name_it_has_by_now(cast: Cast) -> None:
    persona, was = cast.persona.persona, cast.persona.persona.name
    personas.rename(persona, {"es": "Directora comercial"}, was=was, by=cast.luis, at=NOON)
    with pytest.raises(personas.Renamed) as refused:
        personas.rename(persona, {"es": "Jefa de ventas"}, was=was, by=cast.dora, at=LATER)
    assert refused.value.now == {"es": "Directora comercial"}


def test_persona_without_any_name_is_refused(cast: Cast) -> None:
    with pytest.raises(personas.NameMissing):
        personas.create_with_draft({"es": " ", "en": ""}, by=cast.luis, at=NOON)


def test_slug_of_a_second_persona_of_a_name_is_its_own(cast: Cast) -> None:
    made = [
        personas.create_with_draft({"es": "Dueña de pyme"}, by=cast.luis, at=NOON) for _ in range(2)
    ]
    assert [draft.persona.slug for draft in made] == ["duena-de-pyme", "duena-de-pyme-2"]
