"""Reminders about agreements: who hears of what, on which day, once."""

from __future__ import annotations

from datetime import date

import pytest

from crm.accounts import leaves
from crm.notifications.models import Message
from sla.agreements import drafts, proposals, reminders
from sla.models import AgreementVersion
from tests import factories
from tests.factories import Cast, when

BEGUN = when("2026-03-02 10:00")


def reminded(kind: str) -> list[tuple[str, int]]:
    rows = Message.objects.filter(kind=f"agreement.{kind}", channel="in_app").select_related(
        "recipient"
    )
    return sorted((row.recipient.name, row.params["days"]) for row in rows)


@pytest.fixture
def draft(cast: Cast) -> AgreementVersion:
    return factories.drafted(cast.calendar, by=cast.luis, of=cast.agreement.agreement, at=BEGUN)


@pytest.mark.parametrize(
    ("moment_", "expected"),
    [
        ("2026-03-05 09:59", []),
        ("2026-03-05 10:00", [("Dora Salinas", 3), ("Luis Ferrer", 3)]),
        ("2026-03-09 10:00", [("Dora Salinas", 7), ("Luis Ferrer", 7)]),
        ("2026-03-16 10:00", [("Elsa Duarte", 14)]),
    ],
)
def test_unsigned_draft_brings_a_reminder(
    draft: AgreementVersion, moment_: str, expected: list[object]
) -> None:
    reminders.remind(at=when(moment_))
    assert reminded("unsigned") == expected


def test_each_reminder_goes_out_once(draft: AgreementVersion) -> None:
    moments = [
        "2026-03-05 10:00",
        "2026-03-05 10:01",
        "2026-03-09 10:00",
        "2026-03-16 10:00",
        "2026-03-17 10:00",
    ]
    assert [reminders.remind(at=when(each)) for each in moments] == [1, 0, 1, 1, 0]
    assert len(reminded("unsigned")) == 5


@pytest.mark.parametrize(
    ("delegate", "expected"),
    [("ana", ["Ana Robles", "Dora Salinas"]), (None, ["Dora Salinas", "Elsa Duarte"])],
)
def test_reminder_reaches_who_stands_in(
    cast: Cast, draft: AgreementVersion, delegate: str | None, expected: list[str]
) -> None:
    days = (date(2026, 3, 2), date(2026, 3, 6))
    stand_in = getattr(cast, delegate) if delegate else None
    leaves.take(cast.luis, *days, by=cast.luis, at=BEGUN, delegate=stand_in)
    reminders.remind(at=when("2026-03-05 10:00"))
    assert [name for name, _days in reminded("unsigned")] == expected


def test_only_the_side_that_has_not_signed_is_reminded(cast: Cast, draft: AgreementVersion) -> None:
    factories.sign(draft, "marketing", by=cast.luis, at=BEGUN)
    reminders.remind(at=when("2026-03-05 10:00"))
    assert reminded("unsigned") == [("Dora Salinas", 3)]


def test_days_are_counted_from_the_closing_of_the_text(cast: Cast, draft: AgreementVersion) -> None:
    proposals.propose(draft, by=cast.luis, at=when("2026-03-04 10:00"))
    assert [
        reminders.remind(at=when(each)) for each in ("2026-03-05 10:00", "2026-03-07 10:00")
    ] == [0, 1]


def test_signed_and_discarded_versions_are_left_alone(cast: Cast, draft: AgreementVersion) -> None:
    proposals.discard(draft, by=cast.luis, at=BEGUN)
    assert reminders.remind(at=when("2026-03-20 10:00")) == 0


# -- Looking at it again


@pytest.fixture
def ending(cast: Cast) -> AgreementVersion:
    """In force, to be looked at by 30 June 2026."""
    terms = {"of": cast.agreement.agreement, "renew_by": date(2026, 6, 30)}
    return factories.agreement(
        cast.calendar, marketing=cast.luis, sales=cast.dora, at=BEGUN, **terms
    )


LEADS = ["Dora Salinas", "Luis Ferrer"]
ALL = ["Dora Salinas", "Elsa Duarte", "Luis Ferrer"]


@pytest.mark.parametrize(
    ("moment_", "names", "days"),
    [
        ("2026-05-30 23:59", [], 0),
        ("2026-05-31 00:00", LEADS, 30),
        ("2026-06-16 00:00", LEADS, 14),
        ("2026-06-23 12:00", LEADS, 7),
        ("2026-06-30 00:00", ALL, 0),
        ("2026-07-07 00:00", ALL, 0),
    ],
)
def test_review_brings_a_reminder_on_its_day(
    ending: AgreementVersion, moment_: str, names: list[str], days: int
) -> None:
    reminders.remind(at=when(moment_))
    assert reminded("renewal") == [(name, days) for name in names]


def test_every_renewal_reminder_goes_out_once(ending: AgreementVersion) -> None:
    days = ["05-31", "05-31", "06-16", "06-17", "06-23", "06-30", "07-01", "07-07", "07-30"]
    assert [reminders.remind(at=when(f"2026-{day} 12:00")) for day in days] == [
        1,
        0,
        1,
        0,
        1,
        1,
        0,
        1,
        0,
    ]


def test_signed_next_version_ends_the_reminders(cast: Cast, ending: AgreementVersion) -> None:
    following = drafts.renew(ending, by=cast.luis, at=BEGUN)
    drafts.edit(following, by=cast.luis, at=BEGUN, seen=0, starts_on=date(2026, 8, 1))
    factories.sign(following, "marketing", by=cast.luis, at=BEGUN)
    factories.sign(following, "sales", by=cast.dora, at=BEGUN)
    assert reminders.remind(at=when("2026-06-30 12:00")) == 0
