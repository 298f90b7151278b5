"""The personas of the organisation: new ones, their names, which are in use and which put away.

None is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.bilingual import LANGUAGES
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from personas import drafts
from personas.models import Persona, PersonaVersion
from personas.states import VersionState

LONGEST_NAME = 80


class NameMissing(DomainError):
    """Neither language has a name."""

    code = "name_missing"
    message = _("Give a name in at least one language.")


class Renamed(Conflict):
    """Somebody else renamed it meanwhile. ``now``: the name it has by now."""

    code = "renamed"
    message = _("Somebody else renamed this persona in the meantime.")

    def __init__(self, now: Mapping[str, str]) -> None:
        super().__init__()
        self.now = now


@transaction.atomic
def create(slug: str, name: Mapping[str, str], *, by: User | None, at: datetime) -> Persona:
    """A new persona without any version yet. NameMissing without a name."""
    persona = Persona.objects.create(slug=slug, name=_name(name))
    record("persona_created", persona, by=by, at=at, payload={"slug": slug})
    return persona


def free_slug(name: Mapping[str, str]) -> str:
    """A slug for a persona of that name that none has yet."""
    wanted = next(filter(None, (slugify(name.get(each) or "") for each in LANGUAGES)), "persona")[
        :50
    ].strip("-")
    taken = set(Persona.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(
        slug
        for n in range(1, len(taken) + 2)
        if (slug := wanted if n == 1 else f"{wanted}-{n}") not in taken
    )


@transaction.atomic
def begin(
    name: Mapping[str, str],
    content: Mapping[str, Any] | None = None,
    criteria: Iterable[Mapping[str, Any]] = (),
    *,
    by: User,
    at: datetime,
) -> PersonaVersion:
    """A new persona with its first draft, blank or with the text and the criteria of an example."""
    persona = create(free_slug(name), name, by=by, at=at)
    return drafts.write(persona, content or {}, criteria, by=by, at=at)


@transaction.atomic
def rename(
    persona: Persona, name: Mapping[str, str], *, was: Mapping[str, str], by: User, at: datetime
) -> Persona:
    """Another name; the versions stay as they are.

    ``was``: the name that was on the screen; Renamed if it is not that any more.
    """
    persona, wanted = _locked(persona), _name(name)
    if persona.name != dict(was):
        raise Renamed(persona.name)
    before, persona.name = persona.name, wanted
    persona.save(update_fields=["name"])
    record("persona_renamed", persona, by=by, at=at, payload={"from": before, "to": wanted})
    return persona


@transaction.atomic
def archive(persona: Persona, *, by: User, at: datetime) -> Persona:
    """Put away: it is offered nowhere, and what it has judged keeps its version. Twice is once."""
    persona = _locked(persona)
    if persona.archived_at is None:
        persona.archived_at = at
        persona.save(update_fields=["archived_at"])
        record("persona_archived", persona, by=by, at=at)
    return persona


@transaction.atomic
def restore(persona: Persona, *, by: User | None, at: datetime) -> Persona:
    """Back in use with the version that was published last. Twice is once."""
    persona = _locked(persona)
    if persona.archived_at is not None:
        persona.archived_at = None
        persona.save(update_fields=["archived_at"])
        record("persona_restored", persona, by=by, at=at)
    return persona


def publish_version(
    persona: Persona,
    content: Mapping[str, Any],
    criteria: Iterable[Mapping[str, Any]],
    *,
    by: User | None,
    at: datetime,
) -> PersonaVersion:
    """Write and publish the next version of ``persona`` at once; the one before is superseded, and
    judges what it has judged. Nobody is told; a draft that is open is in the way
    (drafts.DraftIsOpen).

    ``criteria``: mappings with the fields of Criterion (code, kind, text, field, operator, operand,
    weight).
    """
    with transaction.atomic():
        draft = drafts.write(persona, content, criteria, by=by, at=at)
        return drafts.put_in_force(draft, by=by, at=at)


def published() -> list[PersonaVersion]:
    """The version in use of every persona that is not archived, with its criteria."""
    return list(
        PersonaVersion.objects.filter(
            state=VersionState.PUBLISHED, persona__archived_at__isnull=True
        )
        .select_related("persona")
        .prefetch_related("criteria")
        .order_by("persona__slug")
    )


def everything() -> list[Persona]:
    """Every persona with its published version and its draft as ``current``: what the list of them
    shows.
    """
    shown = (
        PersonaVersion.objects.exclude(state=VersionState.SUPERSEDED)
        .select_related("changed_by", "created_by", "published_by")
        .annotate(criterion_count=Count("criteria"))
    )
    return list(_all().prefetch_related(Prefetch("versions", shown, to_attr="current")))


def _all() -> QuerySet[Persona]:
    return Persona.objects.order_by("slug")


def _locked(persona: Persona) -> Persona:
    return Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)


def _name(name: Mapping[str, str]) -> dict[str, str]:
    cleaned = {each: clean_line(name.get(each) or "")[:LONGEST_NAME] for each in LANGUAGES}
    found = {language: text for language, text in cleaned.items() if text}
    if not found:
        raise NameMissing(fields={"es": NameMissing.message})
    return found
