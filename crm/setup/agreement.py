"""Draft and sign the agreement of the set-up."""

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
from crm.setup.calendar import set_hours
from crm.setup.starter.agreements import DEFINITIONS, PACES, commitments
from sla.agreements import agreements, drafts, proposals, signing
from sla.calendars import calendars, hours_text, work_calendars
from sla.models import Agreement, AgreementVersion, RejectionReason
from sla.states import AgreementState
from sla.text import labels


class NobodySigns(DomainError):
    code = "nobody_signs"
    message = gettext_lazy("Only a team lead of a side that has not signed yet may sign.")


def in_force() -> AgreementVersion | None:
    """The organisation's agreement in force."""
    rows = AgreementVersion.objects.filter(
        state=AgreementState.IN_FORCE, agreement__teams__isnull=True
    )
    return (
        rows.select_related("agreement", "calendar").prefetch_related("signatures__actor").first()
    )


@transaction.atomic
def agree(pace: str, volume: int | None, *, by: User, at: datetime) -> AgreementVersion:
    """Draft the next version of the organisation's agreement at ``pace`` and sign it for each side
    that ``by`` leads; with both signatures it is in force, else it waits for the lead of the other
    side.

    Raises drafts.DraftOpen where people have written a draft already.
    """
    organisation = people.organisation()
    calendar = calendars.main()
    if calendar is None:
        set_hours(organisation, hours_text.PRESETS["week"], by=by, at=at)
        calendar = calendars.main()
    assert calendar is not None
    with variants.override(organisation.language):
        name = _("Marketing and sales")
    agreement = Agreement.objects.filter(teams__isnull=True).order_by("pk").first()
    if (before := agreements.unsigned()) is not None:
        if (
            before.revision or before.comments.exists()
        ):  # people wrote it: a template does not replace that
            raise drafts.DraftOpen
        proposals.discard(before, by=by, at=at)
    chosen = PACES[pace]
    day = hours_text.day_minutes(work_calendars.in_effect(calendar, at=at)[1])
    version = drafts.create(
        agreement or Agreement.objects.create(name=name),
        by=by,
        at=at,
        calendar=calendar,
        commitments=commitments(chosen, day_minutes=day, volume=volume),
        reasons=RejectionReason.objects.filter(archived_at__isnull=True),
        **{**DEFINITIONS, "package_fields": chosen.package},
    )
    leads_any = any(by.team_ids(side, led=True) for side in Side.values)
    return sign(version, by=by, at=at) if leads_any else version


@transaction.atomic
def close(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Close the text of a draft, with what its codes are called, so that it can be signed; one that
    is closed stays.
    """
    if version.state != AgreementState.DRAFT:
        return version
    return proposals.close_text(version, by=by, at=at, labels=labels.labels_of(version))


@transaction.atomic
def sign(version: AgreementVersion, *, by: User, at: datetime) -> AgreementVersion:
    """Sign for each side that ``by`` leads and that has not signed; with both signatures it is in
    force.

    Raises NobodySigns where ``by`` leads none of them.
    """
    signed = agreements.standing_signatures(version)
    mine = [
        side
        for side in Side.values
        if side not in signed and agreements.may_sign(version, side, by)
    ]
    if not mine:
        raise NobodySigns
    version = close(version, by=by, at=at)
    return signing.conclude(version, mine, by=by, at=at)
