"""Who may do what with agreements. Everybody who is signed in may read them."""

from __future__ import annotations

from crm.accounts.models import User
from crm.accounts.states import Side
from sla.models import AgreementVersion
from sla.states import UNSIGNED, AgreementState


def can_create(user: User) -> bool:
    """Return whether ``user`` may create an agreement for some teams: any team lead may."""
    return any(user.team_ids(side, led=True) for side in Side.values)


def can_sign(user: User, version: AgreementVersion, side: str) -> bool:
    """Return whether ``user`` leads a team of ``side`` that the agreement binds."""
    led = set(user.team_ids(side, led=True))
    if side == Side.SALES:
        scope = {team.pk for team in version.agreement.teams.all()}
        if scope:
            led &= scope
    return bool(led)


def can_write(user: User, version: AgreementVersion) -> bool:
    """Return whether ``user`` may draft, propose, reopen and discard ``version``.

    The leads of the teams that it binds may, of either side.
    """
    return any(can_sign(user, version, side) for side in Side.values)


def can_edit(user: User, version: AgreementVersion) -> bool:
    """Return whether ``user`` may change the text of ``version`` now."""
    # The cheap check first: a list asks this for every version.
    return version.state == AgreementState.DRAFT and can_write(user, version)


def can_discuss(user: User, version: AgreementVersion) -> bool:
    """Return whether ``user`` is one of those who discuss ``version``, open or closed."""
    return user.is_director or can_write(user, version)


def can_comment(user: User, version: AgreementVersion) -> bool:
    """Return whether ``user`` may comment on ``version``.

    Those who may write it and directors may, as long as it can still be changed.
    """
    return version.state in UNSIGNED and can_discuss(user, version)


def can_keep_reasons(user: User) -> bool:
    """Return whether ``user`` may edit the catalogues of reasons.

    Team leads write what they agree on; admins keep catalogues.
    """
    return user.is_admin or can_create(user)
