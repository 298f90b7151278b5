"""Teams: one is archived only when nothing waits for it."""

from __future__ import annotations

import pytest

from crm.accounts.models import Membership
from leads.staff import teams
from leads.staff.teams import TeamInUse
from tests import factories
from tests.factories import WON_AT, Cast


def test_team_with_leads_that_sales_sent_back_is_not_archived(cast: Cast) -> None:
    factories.rejected(cast)
    Membership.objects.filter(team=cast.marketing).delete()
    with pytest.raises(TeamInUse, match="1 lead that sales sent back waits on its desk"):
        teams.archive(cast.marketing, by=cast.root, at=WON_AT)
