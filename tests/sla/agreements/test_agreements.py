"""The agreement: drafts, signatures, what is in force for whom, and the snapshot that a handoff
carries.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from crm.audit.models import Entry
from crm.lib.errors import IllegalMove
from sla.agreements import agreements, content, policies, signing
from sla.calendars import calendars, work_calendars
from sla.models import AgreementVersion, Calendar, LadderStep
from sla.worktime.calendar import Window, WorkCalendar
from tests import factories
from tests.factories import ACCEPT, FIRST_CONTACT, OFFICE, ZONE, Cast, when

NOON = when("2026-02-02 12:00")
NOTHING: dict[str, Any] = {"source": None, "actions": [], "persona": None}


@pytest.fixture
def draft(cast: Cast) -> AgreementVersion:
    """The second version of the organisation's agreement, not signed yet."""
    return factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement)


def sign(version: AgreementVersion, cast: Cast) -> AgreementVersion:
    signing.sign(version, "marketing", by=cast.luis, at=NOON)
    return signing.sign(version, "sales", by=cast.dora, at=NOON)


# -- Drafting


def test_versions_are_numbered_on(cast: Cast, draft: AgreementVersion) -> None:
    assert (cast.agreement.number, draft.number, draft.state) == (1, 2, "draft")


def test_draft_holds_its_commitments_and_ladders(draft: AgreementVersion) -> None:
    accept = draft.commitments.get(metric="accept")
    steps = list(accept.steps.values_list("level", "kind", "offset_minutes"))
    assert (accept.window_minutes, steps) == (
        120,
        [
            (1, "warn", -30),
            (2, "breach", 0),
            (3, "tell_lead", 30),
            (4, "requeue", 60),
            (5, "tell_director", 120),
        ],
    )


@pytest.mark.parametrize(
    ("kind", "offset"), [("warn", 0), ("breach", 1), ("tell_lead", -1), ("requeue", -30)]
)
def test_impossible_step_is_refused_by_the_database(
    draft: AgreementVersion, kind: str, offset: int
) -> None:
    accept = draft.commitments.get(metric="accept")
    with pytest.raises(IntegrityError, match="ladder_offset_possible"), transaction.atomic():
        LadderStep.objects.create(commitment=accept, level=9, kind=kind, offset_minutes=offset)


# -- Signing


def test_one_signature_closes_the_text_and_waits_for_the_other(
    cast: Cast, draft: AgreementVersion
) -> None:
    signed = signing.sign(draft, "marketing", by=cast.luis, at=NOON)
    assert (signed.state, signed.content_hash) == ("proposed", content.content_hash(draft))


def test_second_signature_closes_the_text(cast: Cast, draft: AgreementVersion) -> None:
    signed = sign(draft, cast)
    assert (signed.state, signed.content_hash) == ("signed", content.content_hash(draft))


def test_signatures_say_who_when_and_over_what(cast: Cast, draft: AgreementVersion) -> None:
    sign(draft, cast)
    found = list(draft.signatures.order_by("id").values_list("side", "actor", "at", "content_hash"))
    digest = content.content_hash(draft)
    assert found == [
        ("marketing", cast.luis.pk, NOON, digest),
        ("sales", cast.dora.pk, NOON, digest),
    ]


@pytest.mark.parametrize("name", ["ana", "bea", "dora", "elsa", "root", "extra"])
def test_only_a_lead_of_marketing_signs_for_marketing(
    cast: Cast, draft: AgreementVersion, name: str
) -> None:
    with pytest.raises(signing.MayNotSign):
        signing.sign(draft, "marketing", by=getattr(cast, name), at=NOON)
    assert draft.signatures.count() == 0


def test_text_cannot_change_between_the_signatures(cast: Cast, draft: AgreementVersion) -> None:
    signing.sign(draft, "marketing", by=cast.luis, at=NOON)
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        draft.commitments.filter(metric="accept").update(window_minutes=60)


def test_side_signs_once(cast: Cast, draft: AgreementVersion) -> None:
    signing.sign(draft, "marketing", by=cast.luis, at=NOON)
    with pytest.raises(signing.AlreadySigned):
        signing.sign(draft, "marketing", by=cast.luis, at=NOON)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.commitments.filter(metric="accept").update(target="0.95"),
        lambda v: v.commitments.filter(metric="accept").update(conditions={"sources": ["event"]}),
        lambda v: LadderStep.objects.filter(commitment__version=v, kind="requeue").update(
            offset_minutes=61
        ),
        lambda v: AgreementVersion.objects.filter(pk=v.pk).update(sql_blocks=[]),
        lambda v: AgreementVersion.objects.filter(pk=v.pk).update(package_fields=["person.name"]),
        lambda v: v.rejection_reasons.remove(v.rejection_reasons.first()),
    ],
)
def test_hash_changes_with_the_text(draft: AgreementVersion, change: Any) -> None:
    before = content.content_hash(draft)
    change(draft)
    assert content.content_hash(AgreementVersion.objects.get(pk=draft.pk)) != before


def test_hash_changes_with_the_hours(cast: Cast) -> None:
    version = factories.drafted(factories.office("Nueva"), by=cast.luis)
    before = content.content_hash(version)
    version.calendar.windows.filter(weekday=4).update(closes=900)
    assert content.content_hash(AgreementVersion.objects.get(pk=version.pk)) != before


def test_hash_is_the_same_when_read_again(draft: AgreementVersion) -> None:
    assert content.content_hash(draft) == content.content_hash(
        AgreementVersion.objects.get(pk=draft.pk)
    )


# -- In force


def test_activating_supersedes_the_version_before(cast: Cast, draft: AgreementVersion) -> None:
    agreements.activate(sign(draft, cast), by=cast.dora, at=NOON)
    found = cast.agreement.agreement.versions.order_by("number").values_list(
        "number", "state", "superseded_at"
    )
    assert list(found) == [(1, "superseded", NOON), (2, "in_force", None)]


def test_draft_cannot_come_into_force(cast: Cast, draft: AgreementVersion) -> None:
    with pytest.raises(IllegalMove):
        agreements.activate(draft, by=cast.dora, at=NOON)


def test_two_versions_in_force_are_refused_by_the_database(
    cast: Cast, draft: AgreementVersion
) -> None:
    sign(draft, cast)
    with pytest.raises(IntegrityError, match="agreement_one_in_force"), transaction.atomic():
        AgreementVersion.objects.filter(pk=draft.pk).update(state="in_force")


def test_each_step_is_audited(cast: Cast, draft: AgreementVersion) -> None:
    agreements.activate(sign(draft, cast), by=cast.dora, at=NOON)
    found = Entry.objects.filter(subject_type="agreementversion", subject_id=draft.pk).order_by(
        "id"
    )
    assert list(found.values_list("verb", "actor")) == [
        ("agreement_drafted", cast.luis.pk),
        ("agreement_proposed", cast.luis.pk),
        ("agreement_signed", cast.luis.pk),
        ("agreement_signed", cast.dora.pk),
        ("agreement_in_force", cast.dora.pk),
    ]


@pytest.fixture
def own(cast: Cast) -> AgreementVersion:
    """An agreement of the other sales team alone, older than the organisation's newest."""
    nora = factories.person("Nora Lago", leads=[cast.other_sales])
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=nora, teams=[cast.other_sales]
    )


def test_a_teams_own_agreement_comes_before_the_organisations(
    cast: Cast, own: AgreementVersion
) -> None:
    assert agreements.in_force(cast.other_sales) == own


def test_agreement_of_another_team_does_not_bind(cast: Cast, own: AgreementVersion) -> None:
    assert agreements.in_force(cast.sales) == cast.agreement


@pytest.mark.django_db
def test_team_without_agreement_is_told_so() -> None:
    with pytest.raises(agreements.NoAgreement):
        agreements.in_force(factories.team("Ventas", "sales"))


def test_signed_version_does_not_bind_before_it_is_in_force(
    cast: Cast, draft: AgreementVersion
) -> None:
    sign(draft, cast)
    assert agreements.in_force(cast.sales) == cast.agreement


# -- The snapshot


def test_policy_holds_limits_and_ladders_of_clocks_only(cast: Cast) -> None:
    found = policies.policy_for(cast.agreement, cast.sales, facts=NOTHING)
    limits = {metric: terms["limit_seconds"] for metric, terms in found["clocks"].items()}
    assert limits == {"accept": 7200, "first_contact": 14400, "sql_decision": 57600}


def test_policy_counts_in_the_teams_own_calendar(cast: Cast) -> None:
    calendars.create(
        "Santiago", "America/Santiago", OFFICE, team=cast.other_sales, by=None, at=NOON
    )
    zones = [
        policies.policy_for(cast.agreement, team, facts=NOTHING)["calendar"]["zone"]
        for team in (cast.sales, cast.other_sales)
    ]
    assert zones == [ZONE, "America/Santiago"]


DEMO, EVENT = {"actions": ["asked_for_demo"]}, {"sources": ["event"]}
TIERS = [
    {**ACCEPT, "window_minutes": 120},
    {**ACCEPT, "window_minutes": 60, "conditions": EVENT},
    {**ACCEPT, "window_minutes": 15, "conditions": {**DEMO, **EVENT}},
    {**ACCEPT, "window_minutes": 30, "conditions": DEMO},
    {**FIRST_CONTACT, "conditions": {"personas": ["owner"]}},
]


@pytest.mark.parametrize(
    ("facts", "minutes"),
    [
        (NOTHING, 120),
        ({"source": "event", "actions": ["sent_form"]}, 60),
        ({"source": "referral", "actions": ["sent_form", "asked_for_demo"]}, 30),
        ({"source": "event", "actions": ["asked_for_demo"]}, 15),
    ],
)
def test_policy_takes_the_most_specific_commitment(
    cast: Cast, facts: dict[str, Any], minutes: int
) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, commitments=TIERS)
    found = policies.policy_for(version, cast.sales, facts=facts)["clocks"]["accept"]
    assert found["limit_seconds"] == minutes * 60


def test_commitment_whose_condition_is_not_met_starts_no_clock(cast: Cast) -> None:
    version = factories.drafted(cast.calendar, by=cast.luis, commitments=TIERS)
    found = policies.policy_for(version, cast.sales, facts={**NOTHING, "persona": "student"})
    assert sorted(found["clocks"]) == ["accept"]


# -- Calendars


def test_calendar_reads_back_as_it_was_given(cast: Cast) -> None:
    holidays = [
        (when("2026-05-01").date(), "Día del Trabajo", None),
        (when("2026-12-24").date(), "Noche", (540, 780)),
    ]
    rows = calendars.create("Con feriados", ZONE, OFFICE, holidays=holidays, by=None, at=NOON)
    windows = tuple(Window(*hours) for hours in OFFICE)
    days = {when("2026-05-01").date(): (), when("2026-12-24").date(): ((540, 780),)}
    assert work_calendars.plain(rows) == WorkCalendar(ZONE, windows, days)


@pytest.mark.parametrize(
    ("zone", "windows", "error"),
    [
        (ZONE, [], work_calendars.NeverOpens),
        ("Mexico/Nowhere", OFFICE, ValueError),
    ],
)
def test_impossible_calendar_leaves_nothing_behind(
    cast: Cast, zone: str, windows: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        calendars.create("Nunca", zone, windows, by=None, at=NOON)
    assert Calendar.objects.filter(name="Nunca").count() == 0
