"""Choosing and signing an agreement in the set-up."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.accounts.models import User
from crm.lib import clock
from sla.agreements import comments, drafts
from sla.models import AgreementVersion
from sla.text.commitments import summary_of
from tests.factories import PASSWORD
from tests.pages import post_form
from tests.setup.conftest import FIRST, PAGES, press_continue


def test_an_agreement_waits_for_the_lead_of_the_other_side(founded: Client) -> None:
    dora = {"name-0": "Dora", "email-0": "dora@c.co", "part-0": "sales_lead"}
    founded.post("/setup/teams/", {"marketing": "M", "sales": "V", "lead_marketing": "on", **dora})
    founded.post("/setup/agreement/", {"pace": "quick", "password": FIRST["password"]})
    assert AgreementVersion.objects.get().state == "proposed"
    User.objects.filter(email="dora@c.co").update(is_active=True)
    lead = Client()
    lead.force_login(User.objects.get(email="dora@c.co"))
    assert lead.get("/setup/agreement/sign/").status_code == 200
    signing = lead.post("/setup/agreement/sign/").url
    sha, dora = AgreementVersion.objects.get().content_hash, User.objects.get(email="dora@c.co")
    dora.set_password(PASSWORD)
    dora.save()
    lead.force_login(dora)
    lead.post(signing, {"password": PASSWORD, "sha": sha})
    assert AgreementVersion.objects.get().state == "in_force"
    assert lead.get("/setup/agreement/sign/").status_code == 403


@pytest.mark.parametrize("password", ["", "caballo"])
def test_who_signs_types_the_password_again(founded: Client, password: str) -> None:
    for name in PAGES[: PAGES.index("setup_agreement")]:
        press_continue(founded, name)
    response = founded.post(
        "/setup/agreement/", {"pace": "quick", "volume": "25", "password": password}
    )
    form = response.context["form"]
    assert (response.status_code, list(form.errors), form["volume"].value()) == (
        422,
        ["password"],
        "25",
    )
    assert not AgreementVersion.objects.exists()


def test_template_does_not_replace_a_draft_that_people_wrote(ready: Client) -> None:
    admin = User.objects.get(is_admin=True)
    draft = drafts.renew(AgreementVersion.objects.get(), by=admin, at=clock.now())
    comments.add(draft, "sales", "Two hours?", by=admin, at=clock.now())
    quick = {"pace": "quick", "password": FIRST["password"]}
    assert ready.post("/setup/agreement/", quick).status_code == 409
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.mark.parametrize("preset", ["week", "lunch", "always"])
@pytest.mark.parametrize(("pace", "accept"), [("quick", 60), ("standard", 240), ("relaxed", None)])
def test_every_agreement_goes_with_every_working_day(
    ready: Client, preset: str, pace: str, accept: int | None
) -> None:
    post_form(ready, "/setup/hours/", {"preset": preset})
    ready.post("/setup/agreement/", {"pace": pace, "volume": "25", "password": FIRST["password"]})
    version = AgreementVersion.objects.get(state="in_force")
    found = dict(version.commitments.values_list("metric", "window_minutes"))
    day = {"week": 540, "lunch": 480, "always": 1440}[preset]
    assert (version.number, found["accept"]) == (2, accept or day)
    assert version.commitments.get(metric="mql_volume").target == 25
    said = summary_of(version)
    assert (len(said.sales), len(said.marketing), len(said.ladder)) == (5, 4, 5)
