"""The next version of a persona: a draft that both sides edit until a team lead publishes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.audit.entries import record
from crm.lib.errors import Conflict, DomainError, IllegalMove
from crm.notifications.outbox import notify
from personas import criteria as rules
from personas import documents
from personas.criteria import CriterionData
from personas.documents import Content
from personas.fields import Fields
from personas.models import Criterion, Persona, PersonaVersion
from personas.states import CriterionKind, VersionState

# All of a criterion but its place, which is its place in the list.
COPIED = ("code", "kind", "text", "field", "operator", "operand", "weight")
MOST_CRITERIA = 40


class DraftIsOpen(Conflict):
    """A persona has at most one draft."""

    code = "draft_is_open"
    message = gettext_lazy("A draft of this persona is open already.")


class ChangedMeanwhile(Conflict):
    """Somebody else saved the draft since it was read."""

    code = "changed_meanwhile"
    message = gettext_lazy("Somebody else saved this draft while you were writing.")


class NotADraft(IllegalMove):
    """The draft was published or discarded in the meantime."""

    code = "not_a_draft"
    message = gettext_lazy("This draft is not open any more: it was published or discarded.")


class Unjudgeable(DomainError):
    """A criterion that no machine can judge.

    The keys of ``fields`` are "criteria-<place>-<part>".
    """

    code = "unjudgeable"
    message = gettext_lazy("A criterion cannot be judged as it is.")


class Incomplete(DomainError):
    """The draft lacks a part that every persona needs."""

    code = "incomplete"
    message = gettext_lazy("This draft is not complete yet.")


@transaction.atomic
def start(persona: Persona, *, by: User, at: datetime) -> PersonaVersion:
    """Return the open draft, or create one with the text of the published version."""
    # Locked before the look: of two people who click at once, the second one gets the draft of
    # the first instead of a refusal by the constraint persona_one_draft.
    persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
    known = persona.versions.filter(state=VersionState.DRAFT).first()
    if known is not None:
        return known
    current = persona.versions.filter(state=VersionState.PUBLISHED).first()
    if current is None:
        return write(persona, {}, (), by=by, at=at)
    criteria = _criteria_of(current)
    return write(persona, current.content, criteria, by=by, at=at)


def _criteria_of(version: PersonaVersion) -> list[dict[str, Any]]:
    """Return the criteria of a version as plain data."""
    rows = []
    for criterion in version.criteria.all():
        row = {name: getattr(criterion, name) for name in COPIED}
        rows.append(row)
    return rows


@transaction.atomic
def write(
    persona: Persona,
    content: Content,
    criteria: Iterable[CriterionData],
    *,
    by: User | None,
    at: datetime,
) -> PersonaVersion:
    """Create the next version of ``persona`` as a draft. Raise DraftIsOpen where there is one."""
    # The lock also keeps the number: without it two writers would read the same last one. A lock
    # without the key leaves rows that only refer to the persona free to be inserted meanwhile.
    persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
    versions = persona.versions
    if versions.filter(state=VersionState.DRAFT).exists():
        raise DraftIsOpen
    numbers = versions.aggregate(last=Max("number"))
    last = numbers["last"] or 0
    draft = PersonaVersion.objects.create(
        persona=persona, number=last + 1, content=dict(content), created_by=by, created_at=at
    )
    _create_criteria(draft, criteria)
    payload = {"persona": persona.slug, "number": draft.number}
    record("persona_drafted", draft, by=by, at=at, payload=payload)
    return draft


@transaction.atomic
def edit(
    draft: PersonaVersion,
    content: Content,
    criteria: Iterable[CriterionData],
    *,
    revision: int,
    fields: Fields,
    by: User,
    at: datetime,
) -> PersonaVersion:
    """Replace the text and the criteria of the draft.

    ``revision`` is the one that was on the screen; raise ChangedMeanwhile if it has moved on.
    ``fields`` are the fields that criteria may use; raise Unjudgeable, which names each part of a
    criterion that does not fit them.
    """
    draft = _locked(draft, revision)
    wanted = with_codes(criteria)
    check(wanted, fields)
    draft.content = documents.clean(content)
    draft.revision += 1
    draft.changed_at = at
    draft.changed_by = by
    draft.save(update_fields=["content", "revision", "changed_at", "changed_by"])
    # Replaced as a whole: evidence and agreements refer to a criterion by its code, not its row.
    draft.criteria.all().delete()
    _create_criteria(draft, wanted)
    record("persona_draft_saved", draft, by=by, at=at, payload={"revision": draft.revision})
    return draft


@transaction.atomic
def publish(
    draft: PersonaVersion, *, revision: int, fields: Fields, by: User, at: datetime
) -> PersonaVersion:
    """Publish the draft, supersede the version before, and notify the team leads of both sides.

    Raise ChangedMeanwhile if ``revision`` is not the stored one, else Incomplete or Unjudgeable.
    """
    draft = _locked(draft, revision)
    lacking = lacks(draft)
    if lacking:
        raise Incomplete(" ".join(lacking))
    # Checked here too, not in edit() alone: the draft of an example was written without a check,
    # and what is published can never be corrected.
    criteria = _criteria_of(draft)
    check(criteria, fields)
    draft = put_in_force(draft, by=by, at=at)
    name = draft.persona.name
    others = [person for person in leads_of_teams() if person.pk != by.pk]
    notify(
        "persona.published",
        others,
        at=at,
        key=f"persona:{draft.pk}:published",
        params={"by_id": by.pk, "persona": name, "number": draft.number},
        path=f"/personas/{draft.persona_id}/",
    )
    return draft


@transaction.atomic
def discard(draft: PersonaVersion, *, revision: int, by: User, at: datetime) -> None:
    """Delete the draft. Its text stays in the audit entry.

    Raise ChangedMeanwhile if ``revision`` is not the stored one: nobody has read what would go.
    """
    draft = _locked(draft, revision)
    criteria = _criteria_of(draft)
    payload = {"number": draft.number, "content": draft.content, "criteria": criteria}
    # About the persona, because the draft is gone when its entry is looked up.
    record("persona_draft_discarded", draft.persona, by=by, at=at, payload=payload)
    draft.criteria.all().delete()
    draft.delete()


@transaction.atomic
def put_in_force(draft: PersonaVersion, *, by: User | None, at: datetime) -> PersonaVersion:
    """Make the draft the published version without checks, and supersede the one before."""
    persona = Persona.objects.select_for_update(no_key=True).get(pk=draft.persona_id)
    # The old one first: PostgreSQL checks the unique index persona_one_published at each
    # statement, not at the commit.
    in_force = persona.versions.filter(state=VersionState.PUBLISHED)
    in_force.update(state=VersionState.SUPERSEDED)
    draft.state = VersionState.PUBLISHED
    draft.published_at = at
    draft.published_by = by
    draft.save(update_fields=["state", "published_at", "published_by"])
    payload = {"persona": persona.slug, "number": draft.number}
    record("persona_published", draft, by=by, at=at, payload=payload)
    return draft


def leads_of_teams() -> list[User]:
    """Return all active people who lead a team of either side."""
    # In one call of filter(): in several, each condition may be met by another membership.
    led = {
        "memberships__is_lead": True,
        "memberships__team__archived_at": None,
        "memberships__team__side__in": Side,
    }
    people = User.objects.filter(is_active=True, **led)
    # The join repeats a person who leads several teams.
    return list(people.distinct().order_by("pk"))


def lacks(version: PersonaVersion) -> list[str]:
    """Return what a version still needs before it can be published, in sentences."""
    sentences = []
    who = version.content.get(documents.WHO) or {}
    if not any(who.values()):
        sentences.append(_("Say who this persona is."))
    kinds = {criterion.kind for criterion in version.criteria.all()}
    if CriterionKind.FIT not in kinds:
        sentences.append(_("Add at least one fit criterion: without one every lead would fit."))
    return sentences


def check(criteria: Iterable[CriterionData], fields: Fields) -> None:
    """Raise Unjudgeable unless a machine can judge each of ``criteria`` by ``fields``."""
    wanted = list(criteria)
    if len(wanted) > MOST_CRITERIA:
        message = _("A persona has at most %(count)d criteria.")
        raise Unjudgeable(message % {"count": MOST_CRITERIA})
    problems: dict[str, str] = {}
    for place, each in enumerate(wanted):
        for part, text in rules.problems(each, fields).items():
            problems[f"criteria-{place}-{part}"] = text
    if problems:
        raise Unjudgeable(" ".join(problems.values()), fields=problems)


def with_codes(criteria: Iterable[CriterionData]) -> list[dict[str, Any]]:
    """Return the criteria with codes, by which evidence and agreements refer to them.

    A criterion keeps its code; a new one gets a code made of its sentence.
    """
    coded: list[dict[str, Any]] = []
    taken: set[str] = set()
    for each in criteria:
        text = each["text"]
        source = each.get("code") or text.get("en") or text.get("es") or ""
        # The column holds 60: room is left for the number of a code that is taken.
        wanted = slugify(source)[:50].strip("-") or "criterion"
        code = wanted
        number = 1
        while code in taken:
            number += 1
            code = f"{wanted}-{number}"
        taken.add(code)
        coded.append({**each, "code": code})
    return coded


def _create_criteria(draft: PersonaVersion, criteria: Iterable[CriterionData]) -> None:
    Criterion.objects.bulk_create(
        Criterion(version=draft, position=position, **fields)
        for position, fields in enumerate(criteria)
    )


def _locked(draft: PersonaVersion, revision: int) -> PersonaVersion:
    """Lock the draft and return it as it is now.

    Raise NotADraft if it is gone or published, ChangedMeanwhile if it has another ``revision``.
    """
    # of=self: a plain lock would take the joined persona as well, and hold up its renaming.
    rows = PersonaVersion.objects.select_for_update(no_key=True, of=("self",))
    current = rows.select_related("persona").filter(pk=draft.pk).first()
    if current is None or not current.is_draft:
        raise NotADraft
    # Compared under the lock: of two people who save the same revision exactly one wins.
    if current.revision != revision:
        raise ChangedMeanwhile
    return current
