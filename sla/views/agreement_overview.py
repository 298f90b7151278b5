"""What the pages of an agreement show: text, comments, signatures, versions, the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from crm.accounts.models import User
from crm.accounts.states import Side
from crm.setup.starter import agreements as starter
from sla.agreements import agreements, permissions
from sla.agreements.content import content_of
from sla.agreements.draft_problems import problems
from sla.calendars import hours_text, work_calendars
from sla.models import Agreement, AgreementVersion, Comment, Signature
from sla.states import UNSIGNED, AgreementState
from sla.text import agreement, labels
from sla.text.sections import Section

SHORT_HASH = 12  # letters of the hash that people compare aloud


@dataclass(frozen=True)
class CommentThread:
    """A comment and the answers to it."""

    comment: Comment
    replies: list[Comment]


@dataclass(frozen=True)
class CommentedSection:
    """A section of the text and the comments on it."""

    section: Section
    threads: list[CommentThread]

    @property
    def count(self) -> int:
        """Return the number of comments and answers."""
        return sum(1 + len(thread.replies) for thread in self.threads)


@dataclass(frozen=True)
class SideSignature:
    """The signature of one side, or who may give it."""

    side: str
    label: str
    signature: Signature | None
    leads: list[User]


def versions() -> QuerySet[AgreementVersion]:
    """Return every version, with the rows that its page shows."""
    # What the page reads of each version, in two queries.
    rows = AgreementVersion.objects.select_related("agreement", "calendar", "arbiter", "created_by")
    return rows.prefetch_related("agreement__teams")


def version_for(user: User) -> AgreementVersion | None:
    """Return the version in force for the sales teams of ``user``, else the organisation's.

    None where there is none, or more than one to choose from.
    """
    in_force = list(versions().filter(state=AgreementState.IN_FORCE).order_by("pk"))
    team_ids = set(user.team_ids(Side.SALES))
    of_teams = []
    general = []
    for version in in_force:
        scope = {team.pk for team in version.agreement.teams.all()}
        if not scope:
            general.append(version)
        elif team_ids & scope:
            of_teams.append(version)
    # Members of no such team choose from the list where there is more than the general one.
    candidates = of_teams
    if not of_teams and len(in_force) == 1:
        candidates = general
    if len(candidates) != 1:
        return None
    return candidates[0]


def all_versions() -> list[tuple[Agreement, list[AgreementVersion]]]:
    """Return all agreements by name, each with its versions, the newest first."""
    ordered = _with_comments(versions()).order_by("agreement__name", "-number")
    groups: dict[int, tuple[Agreement, list[AgreementVersion]]] = {}
    for version in ordered:
        _agreement, rows = groups.setdefault(version.agreement_id, (version.agreement, []))
        rows.append(version)
    return list(groups.values())


def siblings(version: AgreementVersion) -> list[AgreementVersion]:
    """Return all versions of the same agreement, the newest first."""
    return list(_with_comments(version.agreement.versions).order_by("-number"))


def _with_comments(rows: Any) -> QuerySet[AgreementVersion]:
    counted: QuerySet[AgreementVersion] = rows.annotate(comment_count=Count("comments"))
    return counted


def sections(version: AgreementVersion) -> list[Section]:
    """Return the text of ``version`` in sentences."""
    return _sections_of(content_of(version))


def _sections_of(content: dict[str, Any]) -> list[Section]:
    return agreement.sections_of(content, labels.for_reading(content))


def commented_sections(
    version: AgreementVersion, content: dict[str, Any]
) -> list[CommentedSection]:
    """Return the sections of ``content``, the text of ``version``, each with its comments."""
    replies: dict[int | None, list[Comment]] = {}
    for comment in version.comments.select_related("actor"):
        # An answer points at a comment, never at another answer: two levels are enough.
        replies.setdefault(comment.answers_id, []).append(comment)
    threads: dict[str, list[CommentThread]] = {key: [] for key in agreement.SECTIONS}
    for comment in replies.pop(None, []):
        # A comment on a section that this version of the product does not know is not shown.
        if comment.section in threads:
            thread = CommentThread(comment, replies.get(comment.pk, []))
            threads[comment.section].append(thread)
    return [CommentedSection(section, threads[section.key]) for section in _sections_of(content)]


def signatures(version: AgreementVersion) -> list[SideSignature]:
    """Return both sides: who has signed, or who may."""
    signed = agreements.standing_signatures(version)
    leads = agreements.leads_of(version)
    sides = []
    for side in Side:
        sides.append(
            SideSignature(
                side=side.value,
                label=str(side.label),
                signature=signed.get(side),
                leads=leads[side],
            )
        )
    return sides


def page(version: AgreementVersion, user: User, *, at: datetime) -> dict[str, Any]:
    """Return the context of the page of ``version`` for ``user``."""
    content = content_of(version)
    sides = signatures(version)
    signed = [side.side for side in sides if side.signature is not None]
    rows = siblings(version)
    others = [each for each in rows if each.pk != version.pk]
    # What is missing is only worth asking while it can be mended.
    is_draft = version.state == AgreementState.DRAFT
    return {
        "version": version,
        "parts": commented_sections(version, content),
        "sides": sides,
        "awaited": [side for side in sides if side.signature is None],
        "hash": version.content_hash,
        "short_hash": version.content_hash[:SHORT_HASH],
        "versions": rows,
        "waiting": _first_in(others, *UNSIGNED),
        "current": _first_in(others, AgreementState.IN_FORCE),
        "may_write": permissions.can_write(user, version),
        "may_edit": permissions.can_edit(user, version),
        "may_promise": _may_promise(version, rows, user),
        "may_comment": permissions.can_comment(user, version),
        "may_sign": bool(sides_to_sign(version, user)),
        "shown": agreements.fingerprint_of(version, content, signed),
        "problems": problems(version, at=at) if is_draft else {},
    }


def _may_promise(version: AgreementVersion, rows: list[AgreementVersion], user: User) -> bool:
    """Return whether ``user`` may put a promise into the draft that follows ``version``."""
    if version.state not in (AgreementState.DRAFT, AgreementState.IN_FORCE):
        return False
    # A text that waits for signatures is closed, and no other draft can begin.
    if any(row.state == AgreementState.PROPOSED for row in rows):
        return False
    return permissions.can_write(user, version)


def usual_promise(version: AgreementVersion, metric: str) -> dict[str, Any] | None:
    """Return the usual promise on ``metric``, as drafts.create takes it; None for no metric."""
    day = hours_text.day_minutes(work_calendars.windows_of(version.calendar))
    for promise in starter.commitments(starter.PACES["standard"], day_minutes=day):
        if promise["metric"] == metric:
            return promise
    return None


def _first_in(versions: list[AgreementVersion], *states: str) -> AgreementVersion | None:
    return next((version for version in versions if version.state in states), None)


def sides_to_sign(version: AgreementVersion, user: User) -> list[str]:
    """Return the sides for which ``user`` may sign ``version`` now."""
    if version.state != AgreementState.PROPOSED:
        return []
    # A person who leads teams of both sides signs for both at once.
    signed = agreements.standing_signatures(version)
    open_sides = [side for side in Side.values if side not in signed]
    return [side for side in open_sides if permissions.can_sign(user, version, side)]
