"""Writing the next version of a persona: a draft that several people edit, until a lead of a team
publishes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import count
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
from personas.fields import Fields
from personas.models import Criterion, Persona, PersonaVersion
from personas.states import CriterionKind, VersionState

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
    """It was published or discarded meanwhile."""

    code = "not_a_draft"
    message = gettext_lazy("This draft is not open any more: it was published or discarded.")


class Unjudgeable(DomainError):
    """A criterion that no machine could judge; ``fields``: "criteria-<place>-<part>" and what is
    wrong.
    """

    code = "unjudgeable"
    message = gettext_lazy("A criterion cannot be judged as it is.")


class Incomplete(DomainError):
    """The draft lacks what every persona has."""

    code = "incomplete"
    message = gettext_lazy("This draft is not complete yet.")


@transaction.atomic
def start(persona: Persona, *, by: User, at: datetime) -> PersonaVersion:
    """The open draft of ``persona``; where there is none, a new one with what the published version
    says.
    """
    persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
    known = persona.versions.filter(state=VersionState.DRAFT).first()
    if known is not None:
        return known
    current = persona.versions.filter(state=VersionState.PUBLISHED).first()
    if current is None:
        return write(persona, {}, (), by=by, at=at)
    copied = [{name: getattr(each, name) for name in COPIED} for each in current.criteria.all()]
    return write(persona, current.content, copied, by=by, at=at)


@transaction.atomic
def write(
    persona: Persona,
    content: Mapping[str, Any],
    criteria: Iterable[Mapping[str, Any]],
    *,
    by: User | None,
    at: datetime,
) -> PersonaVersion:
    """The next version of ``persona`` as a draft. DraftIsOpen where there is one."""
    persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
    if persona.versions.filter(state=VersionState.DRAFT).exists():
        raise DraftIsOpen
    last = persona.versions.aggregate(last=Max("number"))["last"] or 0
    draft = PersonaVersion.objects.create(
        persona=persona, number=last + 1, content=dict(content), created_by=by, created_at=at
    )
    _put(draft, criteria)
    record(
        "persona_drafted",
        draft,
        by=by,
        at=at,
        payload={"persona": persona.slug, "number": draft.number},
    )
    return draft


@transaction.atomic
def edit(
    draft: PersonaVersion,
    content: Mapping[str, Any],
    criteria: Iterable[Mapping[str, Any]],
    *,
    revision: int,
    fields: Fields,
    by: User,
    at: datetime,
) -> PersonaVersion:
    """Replace what the draft says.

    ``revision``: the one that was on the screen; ChangedMeanwhile if it moved on.

    ``fields``: what criteria may ask for; Unjudgeable names each part of a criterion that does not
    fit.
    """
    draft = _locked(draft, revision)
    wanted = with_codes(criteria)
    check(wanted, fields)
    draft.content, draft.revision = documents.tidy(content), draft.revision + 1
    draft.changed_at, draft.changed_by = at, by
    draft.save(update_fields=["content", "revision", "changed_at", "changed_by"])
    draft.criteria.all().delete()
    _put(draft, wanted)
    record("persona_draft_saved", draft, by=by, at=at, payload={"revision": draft.revision})
    return draft


@transaction.atomic
def publish(
    draft: PersonaVersion, *, revision: int, fields: Fields, by: User, at: datetime
) -> PersonaVersion:
    """Publish the draft; the version before is superseded, and the leads of the teams of both sides
    are told.

    Raises ChangedMeanwhile if it is not what was on the screen, Incomplete or Unjudgeable with what
    is wrong.
    """
    draft = _locked(draft, revision)
    if lacking := lacks(draft):
        raise Incomplete(" ".join(lacking))
    check([{name: getattr(each, name) for name in COPIED} for each in draft.criteria.all()], fields)
    draft = put_in_force(draft, by=by, at=at)
    name = draft.persona.name
    notify(
        "persona.published",
        [person for person in leads_of_teams() if person.pk != by.pk],
        at=at,
        key=f"persona:{draft.pk}:published",
        params={"by": by.name, "persona": name, "number": draft.number},
        path=f"/personas/{draft.persona_id}/",
    )
    return draft


@transaction.atomic
def discard(draft: PersonaVersion, *, by: User, at: datetime) -> None:
    """Remove the draft. What it said stays in the audit record."""
    draft = _locked(draft)
    said = [{name: getattr(each, name) for name in COPIED} for each in draft.criteria.all()]
    payload = {"number": draft.number, "content": draft.content, "criteria": said}
    record("persona_draft_discarded", draft.persona, by=by, at=at, payload=payload)
    draft.criteria.all().delete()
    draft.delete()


@transaction.atomic
def put_in_force(draft: PersonaVersion, *, by: User | None, at: datetime) -> PersonaVersion:
    """The draft as the published version, unchecked; the one before is superseded."""
    persona = Persona.objects.select_for_update(no_key=True).get(pk=draft.persona_id)
    persona.versions.filter(state=VersionState.PUBLISHED).update(state=VersionState.SUPERSEDED)
    draft.state, draft.published_at, draft.published_by = VersionState.PUBLISHED, at, by
    draft.save(update_fields=["state", "published_at", "published_by"])
    record(
        "persona_published",
        draft,
        by=by,
        at=at,
        payload={"persona": persona.slug, "number": draft.number},
    )
    return draft


def leads_of_teams() -> list[User]:
    """Everybody who leads a team of either side."""
    led = {
        "memberships__is_lead": True,
        "memberships__team__archived_at": None,
        "memberships__team__side__in": Side,
    }
    return list(User.objects.filter(is_active=True, **led).distinct().order_by("pk"))


def lacks(version: PersonaVersion) -> list[str]:
    """What a version still needs before it can be published, in sentences."""
    found = []
    if not any((version.content.get(documents.WHO) or {}).values()):
        found.append(_("Say who this persona is."))
    if not any(each.kind == CriterionKind.FIT for each in version.criteria.all()):
        found.append(_("Add at least one fit criterion: without one every lead would fit."))
    return found


def check(criteria: Iterable[Mapping[str, Any]], fields: Fields) -> None:
    """Raise Unjudgeable unless a machine can judge each of ``criteria`` by ``fields``."""
    wanted = list(criteria)
    if len(wanted) > MOST_CRITERIA:
        raise Unjudgeable(_("A persona has at most %(count)d criteria.") % {"count": MOST_CRITERIA})
    found = {
        f"criteria-{place}-{part}": text
        for place, each in enumerate(wanted)
        for part, text in rules.problems(each, fields).items()
    }
    if found:
        raise Unjudgeable(" ".join(found.values()), fields=found)


def with_codes(criteria: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The criteria, each with the code it has or a new one of its words: evidence and agreements
    name it by that.
    """
    found: list[dict[str, Any]] = []
    taken: set[str] = set()
    for each in criteria:
        text = each["text"]
        wanted = (
            slugify(each.get("code") or text.get("en") or text.get("es") or "")[:50].strip("-")
            or "criterion"
        )
        code = next(
            c for n in count(1) if (c := wanted if n == 1 else f"{wanted}-{n}") not in taken
        )
        taken.add(code)
        found.append({**each, "code": code})
    return found


def _put(draft: PersonaVersion, criteria: Iterable[Mapping[str, Any]]) -> None:
    Criterion.objects.bulk_create(
        Criterion(version=draft, position=position, **fields)
        for position, fields in enumerate(criteria)
    )


def _locked(draft: PersonaVersion, revision: int | None = None) -> PersonaVersion:
    """The draft as it is now, locked.

    NotADraft if it is gone or published, ChangedMeanwhile over another revision.
    """
    found = PersonaVersion.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "persona"
    )
    now = found.filter(pk=draft.pk).first()
    if now is None or not now.is_draft:
        raise NotADraft
    if revision is not None and now.revision != revision:
        raise ChangedMeanwhile
    return now
