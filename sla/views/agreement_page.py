"""What the pages of an agreement show: its text with the comments beside it, signatures, versions,
the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from crm.accounts.models import Team, User
from crm.accounts.states import Side
from sla.agreements import agreements, content, draft_problems, permissions
from sla.models import Agreement, AgreementVersion, Comment, Signature
from sla.states import UNSIGNED, AgreementState
from sla.text import agreement, labels
from sla.text.sections import Section

SHORT = 12  # letters of the hash that people compare aloud


@dataclass(frozen=True)
class Thread:
    """A comment and the answers to it."""

    comment: Comment
    replies: list[Comment]


@dataclass(frozen=True)
class Part:
    """A section of the text and what was said about it."""

    section: Section
    threads: list[Thread]

    @property
    def count(self) -> int:
        return sum(1 + len(thread.replies) for thread in self.threads)


@dataclass(frozen=True)
class Place:
    """Where a side signs: the signature, or who may give it."""

    side: str
    label: str
    signature: Signature | None
    leads: list[User]


def versions() -> QuerySet[AgreementVersion]:
    """Every version, with what its page shows of it."""
    return AgreementVersion.objects.select_related(
        "agreement", "calendar", "arbiter", "created_by"
    ).prefetch_related("agreement__teams")


def for_viewer(user: User) -> AgreementVersion | None:
    """The version in force for the viewer's team, where there is exactly one to show."""
    in_force = list(versions().filter(state=AgreementState.IN_FORCE).order_by("pk"))
    own = set(user.team_ids(Side.SALES))
    mine = [v for v in in_force if own & {team.pk for team in v.agreement.teams.all()}]
    found = mine or [v for v in in_force if not v.agreement.teams.all()]
    return found[0] if len(found) == 1 and (mine or len(in_force) == 1) else None


def everything() -> list[tuple[Agreement, list[AgreementVersion]]]:
    """All agreements with their versions, the newest first."""
    found: dict[int, tuple[Agreement, list[AgreementVersion]]] = {}
    for version in (
        versions().annotate(said=Count("comments")).order_by("agreement__name", "-number")
    ):
        found.setdefault(version.agreement_id, (version.agreement, []))[1].append(version)
    return list(found.values())


def sections(version: AgreementVersion) -> list[Section]:
    """The text of ``version`` in sentences."""
    text = content.content_of(version)
    return agreement.sections_of(text, labels.for_reading(text))


def parts(version: AgreementVersion) -> list[Part]:
    """The sections, each with its comments."""
    rows = list(version.comments.select_related("actor"))
    replies: dict[int | None, list[Comment]] = {}
    for row in rows:
        replies.setdefault(row.answers_id, []).append(row)
    begun = replies.pop(None, [])
    threads = {
        key: [Thread(c, replies.get(c.pk, [])) for c in begun if c.section == key]
        for key in agreement.SECTIONS
    }
    return [Part(section, threads[section.key]) for section in sections(version)]


def places(version: AgreementVersion) -> list[Place]:
    """Both sides: who has signed, or who may."""
    signed, leads = agreements.standing_signatures(version), agreements.leads_of(version)
    return [Place(side.value, str(side.label), signed.get(side), leads[side]) for side in Side]


def siblings(version: AgreementVersion) -> list[AgreementVersion]:
    """All versions of the same agreement, the newest first."""
    return list(version.agreement.versions.annotate(said=Count("comments")).order_by("-number"))


def page(version: AgreementVersion, user: User, *, at: datetime) -> dict[str, Any]:
    """Everything that the page of ``version`` shows to ``user``."""
    both = places(version)
    writes = permissions.can_write(user, version)
    others = siblings(version)
    current = next((v for v in others if v.state == AgreementState.IN_FORCE), None)
    return {
        "version": version,
        "parts": parts(version),
        "places": both,
        "awaited": [place for place in both if place.signature is None],
        "hash": version.content_hash,
        "short_hash": version.content_hash[:SHORT],
        "versions": others,
        "waiting": next((v for v in others if v.state in UNSIGNED and v.pk != version.pk), None),
        "current": current if current and current.pk != version.pk else None,
        "has_draft": any(v.state in UNSIGNED for v in others),
        "writes": writes,
        "may_edit": permissions.can_edit(user, version),
        "may_comment": permissions.can_comment(user, version),
        "may_sign": bool(sides_to_sign(version, user)),
        "problems": draft_problems.problems(version, at=at)
        if version.state == AgreementState.DRAFT
        else {},
    }


def sides_to_sign(version: AgreementVersion, user: User) -> list[str]:
    """The sides for which ``user`` may sign ``version`` now."""
    if version.state != AgreementState.PROPOSED:
        return []
    signed = agreements.standing_signatures(version)
    return [
        side
        for side in Side.values
        if side not in signed and agreements.may_sign(version, side, user)
    ]


def sales_teams() -> QuerySet[Team]:
    return Team.objects.filter(side=Side.SALES, archived_at__isnull=True)
