"""The test lead of the set-up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from crm.alignment.numbers import report
from crm.alignment.numbers.scope import Period, Scope
from crm.lib import clock
from leads import handoffs
from leads.handoffs import test_lead
from leads.models import Handoff, Lead
from tests.conftest import Moment
from tests.factories import Cast
from tests.setup.conftest import press_continue


def counted(at: Any) -> tuple[int, int, int, int]:
    scope = Scope(
        Period(at.date().replace(day=1), at.date().replace(month=12)), "America/Bogota", at
    )
    read = report.read(scope)
    return read.funnel[0].count, read.attainment.clocks, read.decisions.decisions, read.delivered


@pytest.mark.parametrize("template", ["software", "industry", "services"])
def test_test_lead_fits_every_template(ready: Client, template: str) -> None:
    ready.post("/setup/persona/", {"template": template})
    press_continue(ready, "setup_test")
    assert (Handoff.objects.get().state, Lead.objects.get().is_test) == ("pending", True)


def test_test_lead_is_in_the_queue_and_in_no_number(ready: Client, moment: Moment) -> None:
    press_continue(ready, "setup_test")
    handoff = Handoff.objects.get()
    assert "Prospecto de prueba" in ready.get("/queue/").content.decode()
    handoffs.accept(handoff, by=User.objects.get(), at=clock.now())
    assert counted(clock.now()) == (0, 0, 0, 0)
    Lead.objects.update(is_test=False)
    assert counted(clock.now()) == (1, 1, 1, 1)


@pytest.mark.parametrize("worked", ["pending", "accepted", "contacted"])
def test_test_lead_is_removed_wherever_it_stands(ready: Client, worked: str) -> None:
    from leads.follow_up import attempts

    press_continue(ready, "setup_test")
    handoff, me = Handoff.objects.get(), User.objects.get()
    if worked != "pending":
        handoffs.accept(handoff, by=me, at=clock.now())
    if worked == "contacted":
        attempts.record(handoff, "phone", outcome="reached", by=me, at=clock.now())
    assert ready.post("/setup/test/remove/").url == "/setup/"
    handoff = Handoff.objects.get()
    assert (handoff.is_open, handoff.clock.stopped_at is not None, test_lead.current()) == (
        False,
        True,
        None,
    )
    assert Lead.objects.get().archived_at is not None


def test_only_a_test_lead_is_removed(cast: Cast, moment: Moment) -> None:
    from tests import factories

    lead = factories.lead(cast)
    test_lead.remove(lead, by=cast.root, at=clock.now())
    assert Lead.objects.get().archived_at is None


def test_without_an_agreement_the_test_lead_says_so(founded: Client) -> None:
    for name in ("setup_teams", "setup_persona"):
        press_continue(founded, name)
    response = press_continue(founded, "setup_test")
    assert (response.status_code, Lead.objects.count()) == (422, 0)
    assert "acuerdo" in str(response.context["form"].non_field_errors())
