"""The agreement of the set-up: drafted from a template and signed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts import people
from crm.accounts.models import User
from crm.accounts.states import Side
from crm.lib.errors import DomainError
from crm.lib.wording import variants
from crm.setup.calendar import get_or_create_calendar
from crm.setup.starter.agreements import DEFINITIONS, PACES, commitments
from sla.agreements import agreements, drafts, proposals, signing
from sla.agreements.permissions import can_sign
from sla.calendars import hours_text, work_calendars
from sla.models import Agreement, AgreementVersion, Calendar, RejectionReason
from sla.states import AgreementState
from sla.text import labels


class NoSideToSign(DomainError):
    """The person leads no side that still has to sign."""

    code = "nobody_signs"
    message = gettext_lazy("Only a team lead of a side that has not signed yet may sign.")


def in_force() -> AgreementVersion | None:
    """Return the version in force of the organisation's agreement."""
    versions = AgreementVersion.objects.filter(
        state=AgreementState.IN_FORCE, agreement__teams__isnull=True
    )
    related = versions.select_related("agreement", "calendar")
    return related.prefetch_related("signatures__actor").first()


@transaction.atomic
def agree(
    pace: str, volume: int | None, *, by: User, at: datetime, shown: str | None = None
) -> AgreementVersion:
    """Draft the next version at ``pace`` and sign it for each side that ``by`` leads.

    With both signatures it is in force, else it waits for the lead of the other side. ``shown``:
    the fingerprint of the draft that the page showed, empty for none. Raises drafts.DraftOpen when
    people have written a draft: a template does not replace their work; and agreements.NotAsShown
    where another draft would be replaced.
    """
    organisation = people.organisation()
    calendar = get_or_create_calendar(organisation, by=by, at=at)
    open_draft = agreements.unsigned()
    if open_draft is not None:
        if open_draft.revision or open_draft.comments.exists():
            raise drafts.DraftOpen
        proposals.discard(open_draft, by=by, at=at, shown=shown)
    agreement = Agreement.objects.filter(teams__isnull=True).order_by("pk").first()
    if agreement is None:
        # Stored for both sides to read: in the organisation's language, not in the admin's.
        with variants.override(organisation.language):
            name = _("Marketing and sales")
        agreement = Agreement.objects.create(name=name)
    version = _create_draft(agreement, pace, volume, calendar, by=by, at=at)
    # An admin who leads no team makes no business decision: the draft waits for the team leads.
    if not any(by.team_ids(side, led=True) for side in Side.values):
        return version
    return sign(version, by=by, at=at)


def _create_draft(
    agreement: Agreement,
    pace: str,
    volume: int | None,
    calendar: Calendar,
    *,
    by: User,
    at: datetime,
) -> AgreementVersion:
    template = PACES[pace]
    # Promises are stored in business minutes; "one working day" depends on the hours of a day.
    _since, windows = work_calendars.in_effect(calendar, at=at)
    day_minutes = hours_text.day_minutes(windows)
    promises = commitments(template, day_minutes=day_minutes, volume=volume)
    terms = {**DEFINITIONS, "package_fields": template.package}
    return drafts.create(
        agreement,
        by=by,
        at=at,
        calendar=calendar,
        commitments=promises,
        reasons=RejectionReason.objects.filter(archived_at__isnull=True),
        **terms,
    )


@transaction.atomic
def close_text(
    version: AgreementVersion, *, by: User, at: datetime, shown: str | None = None
) -> AgreementVersion:
    """Close the text of a draft, with the labels of its codes, so that it can be signed.

    A version whose text is closed stays as it is. Raises as proposals.propose.
    """
    if version.state != AgreementState.DRAFT:
        return version
    # The labels go in with the text: what was signed reads the same after a code is renamed.
    current_labels = labels.labels_of(version)
    return proposals.close_text(version, by=by, at=at, labels=current_labels, shown=shown)


@transaction.atomic
def sign(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Sign for each side that ``by`` leads and that has not signed.

    With both signatures the version is in force. Raises NoSideToSign.
    """
    signed = agreements.standing_signatures(version)
    unsigned = [side for side in Side.values if side not in signed]
    own = [side for side in unsigned if can_sign(by, version, side)]
    if not own:
        raise NoSideToSign
    # Signatures are over the hash of the closed text, so it is closed before the first of them.
    version = close_text(version, by=by, at=at)
    return signing.sign_sides(version, own, sha256=version.content_hash, by=by, at=at)
