"""Writing personas: new ones, new versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.accounts.models import User
from crm.audit.entries import record
from personas.models import Criterion, Persona, PersonaVersion
from personas.states import VersionState


@transaction.atomic
def create(slug: str, name: dict[str, str], *, by: User | None, at: datetime) -> Persona:
    """A new persona without any version yet."""
    persona = Persona.objects.create(slug=slug, name=name)
    record("persona_created", persona, by=by, at=at, payload={"slug": slug})
    return persona


@transaction.atomic
def publish_version(
    persona: Persona,
    content: dict[str, Any],
    criteria: Iterable[Mapping[str, Any]],
    *,
    by: User | None,
    at: datetime,
) -> PersonaVersion:
    """Publish the next version of ``persona``; the one before is superseded, and judges what it has judged.

    ``criteria``: mappings with the fields of Criterion (code, kind, text, field, operator, operand, weight).
    """
    persona = Persona.objects.select_for_update(no_key=True).get(pk=persona.pk)
    previous = persona.versions.order_by("-number").first()
    persona.versions.filter(state=VersionState.PUBLISHED).update(state=VersionState.SUPERSEDED)
    version = PersonaVersion.objects.create(
        persona=persona,
        number=previous.number + 1 if previous else 1,
        state=VersionState.PUBLISHED,
        content=content,
        created_by=by,
        created_at=at,
        published_at=at,
    )
    Criterion.objects.bulk_create(
        Criterion(version=version, position=position, **fields) for position, fields in enumerate(criteria)
    )
    record(
        "persona_published",
        version,
        by=by,
        at=at,
        payload={"persona": persona.slug, "number": version.number},
    )
    return version


def published() -> list[PersonaVersion]:
    """The version in use of every persona that is not archived, with its criteria."""
    return list(
        PersonaVersion.objects.filter(state=VersionState.PUBLISHED, persona__archived_at__isnull=True)
        .select_related("persona")
        .prefetch_related("criteria")
        .order_by("persona__slug")
    )
