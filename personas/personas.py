"""The personas of the organisation: create, rename, archive and restore them. None is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Prefetch, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.audit.entries import record
from crm.lib.bilingual import LANGUAGES
from crm.lib.db import returning
from crm.lib.db.kept_sql import KeptSql
from crm.lib.errors import Conflict, DomainError
from crm.lib.text import clean_line
from personas import drafts
from personas.criteria import CriterionData
from personas.documents import Content
from personas.models import Persona, PersonaVersion
from personas.states import VersionState

LONGEST_NAME = 80
# Of so many people who create a persona of one name at once, each gets one.
MOST_ATTEMPTS = 10

Name = Mapping[str, str]


class NameMissing(DomainError):
    """Neither language has a name."""

    code = "name_missing"
    message = _("Give a name in at least one language.")


class Renamed(Conflict):
    """Somebody else renamed the persona in the meantime; ``now`` is its present name."""

    code = "renamed"
    message = _("Somebody else renamed this persona in the meantime.")

    def __init__(self, now: Name) -> None:
        super().__init__()
        self.now = now


@transaction.atomic
def create(slug: str, name: Name, *, by: User | None, at: datetime) -> Persona:
    """Create a persona without any version. Raise NameMissing."""
    persona = Persona.objects.create(slug=slug, name=_name(name))
    record("persona_created", persona, by=by, at=at, payload={"slug": slug})
    return persona


def free_slug(name: Name) -> str:
    """Return an unused slug for a persona of that name."""
    slugs = [slugify(name.get(language) or "") for language in LANGUAGES]
    # A name without a Latin letter has no slug at all.
    first = next((slug for slug in slugs if slug), "persona")
    # The column holds 60: room is left for the number of a slug that is taken.
    wanted = first[:50].strip("-")
    similar = Persona.objects.filter(slug__startswith=wanted)
    taken = set(similar.values_list("slug", flat=True))
    slug = wanted
    number = 1
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug


@transaction.atomic
def create_with_draft(
    name: Name,
    content: Content | None = None,
    criteria: Iterable[CriterionData] = (),
    *,
    by: User,
    at: datetime,
) -> PersonaVersion:
    """Create a persona with its first draft, blank or with the text and criteria of an example."""
    persona = _create_with_free_slug(name, by=by, at=at)
    return drafts.write(persona, content or {}, criteria, by=by, at=at)


def _create_with_free_slug(name: Name, *, by: User, at: datetime) -> Persona:
    """Create a persona; where others take the same slug at the same moment, take the next one."""
    for _attempt in range(MOST_ATTEMPTS - 1):
        # A savepoint: the insert waits for the other one and then fails.
        try:
            with transaction.atomic():
                return create(free_slug(name), name, by=by, at=at)
        except IntegrityError:
            continue
    return create(free_slug(name), name, by=by, at=at)


@transaction.atomic
def rename(persona: Persona, name: Name, *, was: Name, by: User, at: datetime) -> Persona:
    """Rename the persona; its versions stay as they are.

    ``was`` is the name that was on the screen. Raise Renamed if it is another one by now.
    """
    persona = _locked(persona)
    wanted = _name(name)
    before = persona.name
    # By the name itself, because a persona has no revision: only its drafts have one.
    if before != dict(was):
        raise Renamed(before)
    persona.name = wanted
    persona.save(update_fields=["name"])
    record("persona_renamed", persona, by=by, at=at, payload={"from": before, "to": wanted})
    return persona


@transaction.atomic
def archive(persona: Persona, *, by: User, at: datetime) -> Persona:
    """Archive the persona, so that it is offered nowhere; leads keep the version that judged them.

    Do nothing to an archived one.
    """
    persona = _locked(persona)
    # A second click must not move the moment of the first, nor write a second audit entry.
    if persona.archived_at is None:
        persona.archived_at = at
        persona.save(update_fields=["archived_at"])
        record("persona_archived", persona, by=by, at=at)
    return persona


@transaction.atomic
def restore(persona: Persona, *, by: User | None, at: datetime) -> Persona:
    """Put an archived persona in use again, with the version that was published last."""
    persona = _locked(persona)
    if persona.archived_at is not None:
        persona.archived_at = None
        persona.save(update_fields=["archived_at"])
        record("persona_restored", persona, by=by, at=at)
    return persona


def publish_version(
    persona: Persona,
    content: Content,
    criteria: Iterable[CriterionData],
    *,
    by: User | None,
    at: datetime,
) -> PersonaVersion:
    """Write and publish the next version of ``persona`` at once, without notices.

    ``criteria`` are mappings with the fields of Criterion: code, kind, text, field, operator,
    operand, weight. Raise drafts.DraftIsOpen where a draft is open.
    """
    with transaction.atomic():
        # By way of a draft: the database refuses a version that is published from the start,
        # because its criteria are written after it.
        draft = drafts.write(persona, content, criteria, by=by, at=at)
        return drafts.put_in_force(draft, by=by, at=at)


def published() -> list[PersonaVersion]:
    """Return the published version of every persona in use, with its criteria."""
    return list(_published().select_related("persona").prefetch_related("criteria"))


def in_use() -> list[PersonaVersion]:
    """Return the published versions without their criteria, in the order of their slugs."""
    return [returning.from_paths(PersonaVersion, SHOWN, values) for values in IN_USE.rows()]


# The columns of a version that choosing one needs.
SHOWN = ("id", "persona_id", "number", "state", "persona__id", "persona__slug", "persona__name")


def _published() -> QuerySet[PersonaVersion]:
    versions = PersonaVersion.objects.filter(state=VersionState.PUBLISHED)
    return versions.filter(persona__archived_at__isnull=True).order_by("persona__slug")


def _in_use() -> QuerySet[Any]:
    return _published().values_list(*SHOWN)


IN_USE = KeptSql(_in_use)


def everything() -> list[Persona]:
    """Return every persona with its published version and its draft in the list ``current``."""
    shown = (
        PersonaVersion.objects.exclude(state=VersionState.SUPERSEDED)
        .select_related("changed_by", "created_by", "published_by")
        .annotate(criterion_count=Count("criteria"))
    )
    # In an attribute of its own: under "versions" the filtered rows would pass for all of them.
    current = Prefetch("versions", shown, to_attr="current")
    return list(_all().prefetch_related(current))


def _all() -> QuerySet[Persona]:
    return Persona.objects.order_by("slug")


def _locked(persona: Persona) -> Persona:
    return Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)


def _name(name: Name) -> dict[str, str]:
    """Return the cleaned name without an empty language. Raise NameMissing."""
    cleaned = {}
    for language in LANGUAGES:
        text = clean_line(name.get(language) or "")[:LONGEST_NAME]
        if text:
            cleaned[language] = text
    if not cleaned:
        raise NameMissing(fields={"es": NameMissing.message})
    return cleaned
