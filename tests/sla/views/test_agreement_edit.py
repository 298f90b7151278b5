"""The editor of a draft: nothing typed is lost, nothing is overwritten unseen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from crm.accounts.models import User
from sla.agreements import content, drafts
from sla.models import AgreementVersion
from tests.factories import Cast, pause_reason
from tests.sla.conftest import NOON, Browser, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def luis_at(cast: Cast, browser: Browser) -> Client:
    return browser(cast.luis)


def address(draft: AgreementVersion) -> str:
    return f"/agreement/{draft.pk}/edit/"


def opened(client: Client, draft: AgreementVersion) -> Any:
    return typed(client.get(address(draft)))


def sent(client: Client, draft: AgreementVersion, data: Any) -> Any:
    return client.post(
        address(draft), data.urlencode(), content_type="application/x-www-form-urlencoded"
    )


def row_of(data: Any, metric: str) -> str:
    return next(f"p{n}" for n in data.getlist("p") if data[f"p{n}-metric"] == metric)


def test_saving_what_was_shown_changes_nothing(draft: AgreementVersion, luis_at: Client) -> None:
    before = content.content_of(draft)
    assert sent(luis_at, draft, opened(luis_at, draft)).status_code == 302
    draft.refresh_from_db()
    assert (content.content_of(draft), draft.revision) == (before, 1)


def test_terms_are_saved(draft: AgreementVersion, luis_at: Client) -> None:
    data = opened(luis_at, draft)
    window = f"{row_of(data, 'accept')}-window"
    data[window] = "1 d 30 min"
    data["rep_cap"], data["hide_contact"], data["capacity"], data["starts_on"] = (
        "8",
        "on",
        "80",
        "2026-04-01",
    )
    data["term-budget"], data["weight-accept"], data["weight-mql_volume"] = "warns", "60", "40"
    data["pause-call_back"], data["pause-document"] = "10", ""
    data.setlist("valuable_actions", ["asked_for_demo"])
    assert sent(luis_at, draft, data).status_code == 302
    draft.refresh_from_db()
    saved = content.content_of(draft)
    assert (draft.rep_cap, draft.hide_contact, draft.capacity, saved["starts_on"]) == (
        8,
        True,
        80,
        "2026-04-01",
    )
    assert draft.pauses == {"call_back": 10 * 24 * 60}
    assert (draft.sql_terms, draft.index_weights) == (
        {"budget": "warns"},
        {"accept": 60, "mql_volume": 40},
    )
    assert (draft.valuable_actions, saved["commitments"][0]["window_minutes"]) == (
        ["asked_for_demo"],
        8 * 60 + 30,
    )


def test_button_adds_a_variant_and_keeps_what_was_typed(
    draft: AgreementVersion, luis_at: Client
) -> None:
    data = opened(luis_at, draft)
    row = row_of(data, "accept")
    data["mql_en"], data[f"{row}-window"], data["do"] = (
        "Typed and not saved",
        "soon",
        f"vary:{row[1:]}",
    )
    shown = sent(luis_at, draft, data)
    again = typed(shown)
    windows = [
        again[f"p{n}-window"] for n in again.getlist("p") if again[f"p{n}-metric"] == "accept"
    ]
    assert (shown.status_code, again["mql_en"], windows) == (
        200,
        "Typed and not saved",
        ["soon", "soon"],
    )
    draft.refresh_from_db()
    assert (draft.revision, draft.commitments.count()) == (0, 5)


def test_variant_is_saved_beside_its_promise(draft: AgreementVersion, luis_at: Client) -> None:
    data = opened(luis_at, draft)
    data["do"] = f"vary:{row_of(data, 'accept')[1:]}"
    data = typed(sent(luis_at, draft, data))
    new = max(data.getlist("p"), key=int)
    data[f"p{new}-window"] = "30 min"
    data.setlist(f"p{new}-sources", ["event", "referral"])
    for number, kind in enumerate(["warn", "breach", "tell_lead", "requeue", "tell_director"]):
        data[f"p{new}-s{number}-kind"] = kind
    data[f"p{new}-s0-offset"] = "10 min"
    assert sent(luis_at, draft, data).status_code == 302
    found = draft.commitments.get(window_minutes=30)
    assert (found.conditions, found.position) == ({"sources": ["event", "referral"]}, 1)


def test_variant_for_nobody_is_refused_by_name(draft: AgreementVersion, luis_at: Client) -> None:
    data = opened(luis_at, draft)
    data["do"] = f"vary:{row_of(data, 'accept')[1:]}"
    answer = sent(luis_at, draft, typed(sent(luis_at, draft, data)))
    assert answer.status_code == 422
    assert [label for _id, label, _error in answer.context["commitment_errors"]] == [
        "Time to accept or reject: Only these sources"
    ]


def test_buttons_add_and_remove_commitments_and_steps(
    draft: AgreementVersion, luis_at: Client
) -> None:
    data = opened(luis_at, draft)
    data["do"] = "add:return_answer"
    data = typed(sent(luis_at, draft, data))
    added = max(data.getlist("p"), key=int)
    data["do"] = f"step:{added}"
    data = typed(sent(luis_at, draft, data))
    data[f"p{added}-target"], data[f"p{added}-window"] = "95", "8 h"
    data[f"p{added}-s1-kind"], data[f"p{added}-s1-offset"] = "tell_lead", "1 h"
    data["do"] = f"remove:{row_of(data, 'sql_decision')[1:]}"
    data = typed(sent(luis_at, draft, data))
    assert sent(luis_at, draft, data).status_code == 302
    promise = draft.commitments.get(metric="return_answer")
    steps = [(step.kind, step.offset_minutes) for step in promise.steps.all()]
    assert (promise.target, promise.window_minutes, steps) == (
        Decimal("0.95"),
        480,
        [("breach", 0), ("tell_lead", 60)],
    )
    assert not draft.commitments.filter(metric="sql_decision").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minimum_score", "101"),
        ("engagement_half_life_days", ""),
        ("rep_cap", "many"),
        ("max_returns", "0"),
        ("weight-accept", "30"),
        ("starts_on", "someday"),
        ("starts_on", "0026-03-02"),
        ("renew_by", "0027-03-02"),
        ("renew_by", "2201-01-01"),
        ("calendar", "999999"),
    ],
)
def test_bad_term_is_refused_beside_its_field(
    draft: AgreementVersion, luis_at: Client, field: str, value: str
) -> None:
    data = opened(luis_at, draft)
    data[field], data["mql_en"] = value, "Kept"
    answer = sent(luis_at, draft, data)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert typed(answer)["mql_en"] == "Kept"


def test_unreadable_length_is_refused_beside_its_field(
    draft: AgreementVersion, luis_at: Client
) -> None:
    data = opened(luis_at, draft)
    data[f"{row_of(data, 'accept')}-window"] = "soon"
    answer = sent(luis_at, draft, data)
    assert (
        answer.status_code,
        [error for _i, _l, error in answer.context["commitment_errors"]],
    ) == (
        422,
        ["“soon” is not read as a length of time. Write for example 2 h, 45 min or 1 d."],
    )


def test_volume_beyond_the_capacity_is_warned_of_while_typing(
    draft: AgreementVersion, luis_at: Client
) -> None:
    data = opened(luis_at, draft)
    data["capacity"] = "59"
    answer = luis_at.post(
        f"/agreement/{draft.pk}/capacity/",
        data.urlencode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.context["capacity"] == {"volume": 60, "capacity": 59}


# -- Numbers by the region of the person

# Capacity, volume and rate as typed -> capacity, volume and rate as they are stored.
NUMBERS = (
    ("es-CO", "1.000", "1.500", "92,5", (1000, 1500, Decimal("0.925"))),
    ("es-MX", "1.000", "1.500", "92.5", (1000, 1500, Decimal("0.925"))),
    ("en-US", "1,000", "1.500", "92,5 %", (1000, 1500, Decimal("0.925"))),
)


@pytest.mark.parametrize(("region", "capacity", "volume", "rate", "result"), NUMBERS)
def test_numbers_are_read_by_the_region(
    cast: Cast,
    draft: AgreementVersion,
    luis_at: Client,
    region: str,
    capacity: str,
    volume: str,
    rate: str,
    result: Any,
) -> None:
    User.objects.filter(pk=cast.luis.pk).update(region=region)
    data = opened(luis_at, draft)
    data["capacity"] = capacity
    data[f"{row_of(data, 'mql_volume')}-target"] = volume
    data[f"{row_of(data, 'accept')}-target"] = rate
    shown = luis_at.post(
        f"/agreement/{draft.pk}/capacity/",
        data.urlencode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert shown.context["capacity"] == {"volume": 1500, "capacity": 1000}
    assert sent(luis_at, draft, data).status_code == 302
    draft.refresh_from_db()
    targets = dict(draft.commitments.values_list("metric", "target"))
    assert (draft.capacity, targets["mql_volume"], targets["accept"]) == result


@pytest.mark.parametrize("region", ["es-CO", "es-MX", "en-US"])
def test_saving_what_was_shown_changes_nothing_in_any_region(
    cast: Cast, draft: AgreementVersion, luis_at: Client, region: str
) -> None:
    User.objects.filter(pk=cast.luis.pk).update(region=region)
    drafts.edit(draft, by=cast.dora, at=NOON, seen=0, capacity=50_000)
    draft.commitments.filter(metric="accept").update(target=Decimal("0.9125"))
    draft.refresh_from_db()
    before = content.content_of(draft)
    assert sent(luis_at, draft, opened(luis_at, draft)).status_code == 302
    draft.refresh_from_db()
    assert content.content_of(draft) == before


def test_duration_that_may_be_thousands_is_asked_about(
    cast: Cast, draft: AgreementVersion, luis_at: Client
) -> None:
    User.objects.filter(pk=cast.luis.pk).update(region="es-MX")
    data = opened(luis_at, draft)
    data[f"{row_of(data, 'accept')}-window"] = "1.500 min"
    answer = sent(luis_at, draft, data)
    assert answer.status_code == 422
    assert [error for _id, _label, error in answer.context["commitment_errors"]] == [
        "1500 or 1.5? Write one of the two."
    ]


# -- Two people at once


@pytest.fixture
def meanwhile(cast: Cast, draft: AgreementVersion, luis_at: Client) -> Any:
    """Luis has the form open, Dora saves another cap and another definition."""
    data = opened(luis_at, draft)
    words = {"es": "De Dora", "en": "Dora's"}
    drafts.edit(draft, by=cast.dora, at=NOON, seen=0, rep_cap=5, sql_definition=words)
    return data


def test_editing_over_a_newer_draft_shows_both_values(
    draft: AgreementVersion, luis_at: Client, meanwhile: Any
) -> None:
    meanwhile["rep_cap"], meanwhile["capacity"] = "9", "90"
    answer = sent(luis_at, draft, meanwhile)
    found = {
        row["label"]: (row["mine"], row["theirs"], row["choice"]) for row in answer.context["rows"]
    }
    assert answer.status_code == 409
    assert found == {
        "Open leads of a rep at most": ("9", "5", ""),
        "Leads a month that sales can work": ("90", "– nothing –", "mine"),
        "Definition of an SQL": (
            "Tiene medios y autoridad / Has means and authority",
            "De Dora / Dora's",
            "theirs",
        ),
    }
    draft.refresh_from_db()
    assert (draft.rep_cap, draft.revision) == (5, 1)


def chosen(answer: Any, **choices: str) -> Any:
    """What the page with both values would send."""
    data = answer.wsgi_request.POST.copy()
    for name in ("do",):
        data.pop(name, None)
    data["revision"], data["compared"] = str(answer.context["version"].revision), "1"
    for row in answer.context["rows"]:
        if row["choice"]:
            data[row["name"]] = row["choice"]
    for name, value in choices.items():
        data[f"keep.{name}"] = value
    return data


def test_undecided_difference_is_asked_again(
    draft: AgreementVersion, luis_at: Client, meanwhile: Any
) -> None:
    meanwhile["rep_cap"] = "9"
    answer = sent(luis_at, draft, meanwhile)
    assert sent(luis_at, draft, chosen(answer)).status_code == 422


def test_chosen_values_are_saved(draft: AgreementVersion, luis_at: Client, meanwhile: Any) -> None:
    meanwhile["rep_cap"], meanwhile["capacity"] = "9", "90"
    answer = sent(luis_at, draft, meanwhile)
    assert sent(luis_at, draft, chosen(answer, rep_cap="mine")).status_code == 302
    draft.refresh_from_db()
    assert (draft.rep_cap, draft.capacity, draft.sql_definition["en"], draft.revision) == (
        9,
        90,
        "Dora's",
        2,
    )


def test_commitment_added_meanwhile_stays(
    cast: Cast, draft: AgreementVersion, luis_at: Client
) -> None:
    data = opened(luis_at, draft)
    more = {
        "side": "sales",
        "metric": "feedback",
        "target": Decimal("0.9"),
        "window_minutes": None,
        "conditions": {},
    }
    rows = [*drafts.commitments_of(draft), {**more, "steps": []}]
    drafts.edit(draft, by=cast.dora, at=NOON, seen=0, commitments=rows)
    data["rep_cap"] = "9"
    answer = sent(luis_at, draft, data)
    assert [(row["label"], row["choice"]) for row in answer.context["rows"]] == [
        ("Open leads of a rep at most", "mine"),
        ("Feedback on every outcome", "theirs"),
    ]
    assert sent(luis_at, draft, chosen(answer)).status_code == 302
    draft.refresh_from_db()
    assert (draft.rep_cap, draft.commitments.filter(metric="feedback").count()) == (9, 1)


def test_closed_text_cannot_be_edited(proposed: AgreementVersion, luis_at: Client) -> None:
    assert luis_at.get(address(proposed))["Location"] == f"/agreement/{proposed.pk}/"
    assert luis_at.post(address(proposed), {"revision": "0"}).status_code == 409


def test_draft_from_before_pauses_proposes_every_reason(
    draft: AgreementVersion, luis_at: Client
) -> None:
    AgreementVersion.objects.filter(pk=draft.pk).update(pauses=None)
    data = opened(luis_at, draft)
    assert data["pause-call_back"] == str(pause_reason("call_back").longest_minutes // (24 * 60))
