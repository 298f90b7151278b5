"""Who may do what with agreements. Everybody who is signed in reads them."""

from __future__ import annotations

from crm.accounts.models import User
from crm.accounts.states import Side
from sla.agreements import agreements
from sla.models import AgreementVersion
from sla.states import UNSIGNED, AgreementState


def can_found(user: User) -> bool:
    """Begin an agreement for some teams: whoever leads a team of either side."""
    return any(user.team_ids(side, led=True) for side in Side.values)


def can_write(user: User, version: AgreementVersion) -> bool:
    """Draft, propose, reopen, discard: the leads of the teams that it binds, of either side."""
    return any(agreements.may_sign(version, side, user) for side in Side.values)


def can_edit(user: User, version: AgreementVersion) -> bool:
    return version.state == AgreementState.DRAFT and can_write(user, version)


def can_comment(user: User, version: AgreementVersion) -> bool:
    """The same leads, and the director, as long as it can still be changed."""
    return version.state in UNSIGNED and (user.is_director or can_write(user, version))


def can_keep_reasons(user: User) -> bool:
    """The catalogue of reasons: leads of both sides write what they agree on, admins keep
    catalogues.
    """
    return user.is_admin or can_found(user)
