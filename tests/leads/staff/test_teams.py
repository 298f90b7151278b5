"""Teams: one is archived only when nothing waits for it."""

from __future__ import annotations

import pytest

from crm.accounts.models import Membership
from leads.returns import disputes
from leads.staff import teams
from leads.staff.teams import TeamInUse
from tests import factories
from tests.factories import ACCEPTED_AT, WON_AT, Cast

pytestmark = pytest.mark.usefixtures("in_english")


def test_team_with_leads_that_sales_sent_back_is_not_archived(cast: Cast) -> None:
    factories.rejected(cast)
    Membership.objects.filter(team=cast.marketing).delete()
    with pytest.raises(TeamInUse, match="1 lead that sales sent back waits on its desk"):
        teams.archive(cast.marketing, by=cast.root, at=WON_AT)


def test_team_whose_lead_the_arbiter_has_is_not_archived(cast: Cast) -> None:
    """The arbiter may give it back."""
    disputes.contest(factories.rejected(cast), "Sí cumple", by=cast.ana, at=ACCEPTED_AT)
    Membership.objects.filter(team=cast.marketing).delete()
    with pytest.raises(TeamInUse, match="1 lead that sales sent back waits on its desk"):
        teams.archive(cast.marketing, by=cast.root, at=WON_AT)
