"""What each number counts: literal cases for every rule."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone

from crm.alignment.numbers import report
from crm.alignment.numbers.cohort import Days, FunnelStep, Group
from crm.alignment.numbers.promises import Term
from crm.alignment.numbers.scope import NOT_GIVEN, Period
from crm.alignment.numbers.slices import SLICES, STEPS, TOOK, rows
from leads import handoffs
from leads.handoffs import outcomes, undo
from leads.models import Lead, Source
from sla.agreements import agreements
from sla.clocks import ladder
from sla.models import Agreement, Clock, Outage
from tests import factories, terms
from tests.alignment.made import decided, scope, seen
from tests.factories import when

pytestmark = pytest.mark.django_db


@pytest.fixture
def sources(db):
    Source.objects.bulk_create(
        Source(code=code, name={"en": code.title()}) for code in ("event", "referral")
    )


def funnel(**asked):
    return {
        step.stage: (step.count, step.not_recorded) for step in report.read(scope(**asked)).funnel
    }


# -- The cohort


def test_funnel_counts_the_leads_first_seen_in_the_period_at_whatever_date_they_went_on():
    seen("2026-02-28", mql="2026-03-02")
    seen("2026-03-01", mql="2026-03-01")
    seen("2026-03-31", mql="2026-04-20", handed_off="2026-04-21")
    seen("2026-04-01", mql="2026-04-01")
    found = funnel()
    assert (found["leads"], found["mql"], found["handed_off"], found["accepted"]) == (
        (2, 0),
        (2, 0),
        (1, 0),
        (0, 0),
    )


def test_funnel_leaves_archived_leads_out_of_numbers_and_lists():
    seen("2026-03-01")
    Lead.objects.filter(pk=seen("2026-03-02").pk).update(archived_at=when("2026-03-03 10:00"))
    assert funnel()["leads"] == (1, 0)
    assert rows(scope(), "leads").count() == 1


def test_funnel_says_how_many_came_further_without_a_date_for_the_stage():
    seen("2026-03-01", mql="2026-03-01", won="2026-03-20")
    seen("2026-03-01", mql="2026-03-01", sql="2026-03-08", won="2026-03-20")
    seen("2026-03-01", mql="2026-03-01")
    assert funnel() == {
        "leads": (3, 0),
        "mql": (3, 0),
        "handed_off": (0, 2),
        "accepted": (0, 2),
        "contacted": (0, 2),
        "sql": (1, 1),
        "opportunity": (0, 2),
        "won": (2, 0),
    }


def test_funnel_share_of_previous_skips_stages_that_are_not_recorded_for_all():
    seen("2026-03-01", mql="2026-03-01", won="2026-03-20")
    seen("2026-03-01", mql="2026-03-01", handed_off="2026-03-02")
    seen("2026-03-01", mql="2026-03-01")
    seen("2026-03-01")
    found = report.read(scope()).funnel
    assert found[0] == FunnelStep("leads", 4, 0, 1.0, "", None)
    assert found[1] == FunnelStep("mql", 3, 0, 3 / 4, "leads", 3 / 4)
    assert found[2] == FunnelStep("handed_off", 1, 1, 1 / 4, "mql", None)
    assert found[-1] == FunnelStep("won", 1, 0, 1 / 4, "mql", 1 / 3)


def test_funnel_of_nothing_divides_by_nothing():
    assert report.read(scope()).funnel[-1] == FunnelStep("won", 0, 0, None, "opportunity", None)


def test_sources_largest_first_and_leads_without_one_last(sources):
    seen("2026-03-01", source="event", mql="2026-03-01", won="2026-03-09")
    for _each in range(2):
        seen("2026-03-02", source="referral")
    for _each in range(3):
        seen("2026-03-03")
    found = report.read(scope()).sources
    assert [
        (g.key, g.leads, g.mql, g.sql, g.won, g.unrecorded_sql, g.conversion) for g in found
    ] == [
        ("referral", 2, 0, 0, 0, 0, 0.0),
        ("event", 1, 1, 0, 1, 1, 1.0),
        (NOT_GIVEN, 3, 0, 0, 0, 0, 0.0),
    ]


def test_source_called_none_is_not_the_lack_of_one(db):
    Source.objects.create(code="none", name={"en": "(none)"})
    seen("2026-03-01", source="none")
    seen("2026-03-01")
    seen("2026-03-01")
    asked = [report.read(scope(source=code)).funnel[0].count for code in ("", "none", NOT_GIVEN)]
    assert asked == [3, 1, 2]


def test_months_count_their_part_of_the_period():
    for day in ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01", "2026-03-10", "2026-03-11"):
        seen(day)
    asked = scope("2026-02-01", "2026-03-10")
    found = report.read(asked).months
    assert [(g.key, g.name, g.leads) for g in found] == [
        ("2026-02", date(2026, 2, 1), 2),
        ("2026-03", date(2026, 3, 1), 2),
    ]
    assert asked.period.month(date(2026, 3, 1)) == Period(date(2026, 3, 1), date(2026, 3, 10))


# -- Days to won


def test_days_are_differences_of_dates_and_percentiles_are_values_that_occurred():
    for won in ("2026-03-11", "2026-03-21"):
        seen("2026-03-01", won=won)
    assert report.read(scope()).days == Days(n=2, median=10, p90=20, before_first_seen=0)


def test_days_to_won_before_first_seen_are_kept_and_counted():
    seen("2026-03-05", won="2026-03-01")
    seen("2026-03-05", won="2026-03-05")
    seen("2026-03-05", won="2026-03-08")
    seen("2026-03-05")
    assert report.read(scope()).days == Days(n=3, median=0, p90=3, before_first_seen=1)


def test_days_do_not_shift_with_a_zone_or_a_clock_change():
    seen("2026-03-07", won="2026-03-09")
    with timezone.override("America/Los_Angeles"):
        assert report.read(scope(zone="America/Los_Angeles")).days.median == 2


def test_days_of_no_win_are_unknown():
    seen("2026-03-05")
    assert report.read(scope()).days == Days(n=0, median=None, p90=None, before_first_seen=0)


# -- The accept commitment


def kept(**asked):
    found = report.read(scope(**asked)).attainment
    return {
        name: getattr(found, name) for name in ("in_time", "late", "running", "withdrawn", "outage")
    }


def test_attainment_counts_acceptances_and_rejections_in_time_and_late(cast):
    decided(cast, "2026-03-02 12:00")
    decided(cast, "2026-03-02 12:00:01")
    factories.rejected(cast)
    found = report.read(scope()).attainment
    assert kept() == {"in_time": 2, "late": 1, "running": 0, "withdrawn": 0, "outage": 0}
    assert (found.clocks, found.judged, found.decided, found.rate) == (3, 3, 3, 2 / 3)


def test_attainment_of_a_running_clock_turns_after_its_deadline_without_any_sweep(cast):
    factories.handed_off(cast)
    before = {"in_time": 0, "late": 0, "running": 1, "withdrawn": 0, "outage": 0}
    assert kept(at=when("2026-03-02 12:00")) == before
    assert kept(at=when("2026-03-02 12:00:01")) == before | {"running": 0, "late": 1}
    assert report.read(scope()).attainment.decided == 0


def test_attainment_leaves_a_withdrawal_in_time_out_and_keeps_a_late_one(cast):
    factories.withdrawn(cast)
    late = factories.handed_off(cast)
    handoffs.withdraw(late, by=cast.ana, at=when("2026-03-02 12:30"))
    assert kept() == {"in_time": 0, "late": 1, "running": 0, "withdrawn": 1, "outage": 0}
    assert report.read(scope()).attainment.decided == 0


def test_attainment_leaves_out_what_was_late_in_an_outage_of_ours(cast):
    Outage.objects.create(started_at=when("2026-03-02 11:00"), ended_at=when("2026-03-02 11:30"))
    decided(cast, "2026-03-02 13:00")
    decided(cast, "2026-03-02 10:10")
    found = report.read(scope()).attainment
    assert kept() == {"in_time": 1, "late": 0, "running": 0, "withdrawn": 0, "outage": 1}
    assert (found.judged, found.decided, found.rate, found.median) == (1, 1, 1.0, 600)


def test_attainment_takes_median_and_p90_that_occurred_of_business_time(cast):
    decided(cast, "2026-03-02 10:10")
    decided(cast, "2026-03-02 10:30")
    found = report.read(scope()).attainment
    assert (found.median, found.p90) == (600, 1800)  # between the two there is no 1200
    decided(cast, "2026-03-03 09:30", handed_off_at="2026-03-02 16:00")
    assert report.read(scope()).attainment.p90 == 5400  # the night does not count


def test_attainment_counts_each_time_that_a_handoff_entered_the_queue(cast):
    handoff = factories.accepted(cast)
    handoffs.requeue(handoff, by=None, at=when("2026-03-02 14:20"), cause="test")
    assert (
        Clock.objects.filter(metric="accept").count(),
        report.read(scope()).attainment.clocks,
    ) == (2, 2)
    assert kept(at=when("2026-03-02 14:30"))["running"] == 1


def test_attainment_takes_the_day_of_the_organisation(cast):
    factories.handed_off(cast, at=when("2026-03-02 23:30"))
    asked = [report.read(scope(day, day)).attainment.clocks for day in ("2026-03-02", "2026-03-03")]
    assert asked == [1, 0]
    assert report.read(scope("2026-03-03", "2026-03-03", zone="UTC")).attainment.clocks == 1


def test_attainment_of_a_swept_breach_is_the_same_as_of_an_unswept_one(cast, moment):
    factories.handed_off(cast)
    at = moment.set("2026-03-02 12:10")
    before = kept(at=at)
    while ladder.sweep(factories.clock_subjects()):
        pass
    assert Clock.objects.get().state == "breached"
    assert (
        kept(at=at)
        == before
        == {"in_time": 0, "late": 1, "running": 0, "withdrawn": 0, "outage": 0}
    )


def test_attainment_never_counts_imported_history(cast):
    seen(
        "2026-03-01",
        mql="2026-03-01",
        handed_off="2026-03-01",
        accepted="2026-03-02",
        won="2026-03-09",
    )
    found = report.read(scope())
    assert (found.attainment.clocks, found.decisions.decisions, found.delivered) == (0, 0, 0)
    assert found.funnel[-1].count == 1


def test_weeks_begin_on_monday_in_the_zone_of_the_organisation_and_add_up(cast):
    decided(cast, "2026-03-06 17:30", handed_off_at="2026-03-06 16:00")
    decided(cast, "2026-03-09 10:00", handed_off_at="2026-03-08 23:30")  # a Sunday: Monday in UTC
    decided(cast, "2026-03-23 12:30", handed_off_at="2026-03-23 09:30")
    found = report.read(scope())
    weeks = [(str(week.start), week.judged, week.in_time, week.late) for week in found.weeks]
    assert weeks == [
        ("2026-03-02", 2, 2, 0),
        ("2026-03-09", 0, 0, 0),
        ("2026-03-16", 0, 0, 0),
        ("2026-03-23", 1, 0, 1),
    ]
    assert [week.rate for week in found.weeks] == [1.0, None, None, 0.0]
    assert sum(week.judged for week in found.weeks) == found.attainment.judged


@pytest.mark.parametrize(
    ("minutes", "step"),
    [(0, 0), (15, 0), (15.1, 1), (60, 2), (119, 4), (120, 4), (121, 5), (480, 6), (481, 7)],
)
def test_steps_of_the_histogram_end_with_their_upper_edge(cast, minutes, step):
    clock = Clock.objects.filter(subject_id=decided(cast, "2026-03-02 10:10").pk, metric="accept")
    clock.update(used_seconds=int(minutes * 60))
    took = report.read(scope()).attainment.took
    assert took == tuple(int(n == step) for n in range(len(STEPS) + 1))
    assert [rows(scope(), name).count() for name in TOOK] == list(took)


def test_reasons_are_sorted_and_leave_out_what_was_undone(cast):
    for code in ("wrong_team", "not_the_persona", "not_the_persona"):
        factories.rejected(cast, code=code)
    undone = factories.rejected(cast, code="wrong_team")
    undo.undo(undone, by=cast.bea, at=when("2026-03-02 10:20:05"))
    factories.accepted(cast)
    found = report.read(scope()).reasons
    assert [(reason.code, reason.kind, reason.count) for reason in found] == [
        ("not_the_persona", "definitional", 2),
        ("wrong_team", "procedural", 1),
    ]
    assert [rows(scope(reason=reason.code), "rejected_for").count() for reason in found] == [2, 1]


def test_teams_narrow_every_number(cast):
    nora = factories.person("Nora Lago", leads=[cast.other_sales])
    other = factories.agreement(
        cast.calendar, marketing=cast.luis, sales=nora, teams=[cast.other_sales]
    )
    assert other.state == "in_force"
    factories.won(cast)
    factories.rejected(cast, to=cast.other_sales)
    factories.lead(cast, team=cast.other_marketing)

    def counts(**asked):
        found = report.read(scope(**asked))
        return (
            found.funnel[0].count,
            found.attainment.clocks,
            found.decisions.decisions,
            found.delivered,
        )

    assert counts() == (3, 2, 2, 2)
    assert counts(marketing=cast.marketing.pk) == (2, 2, 2, 2)
    assert counts(marketing=cast.other_marketing.pk) == (1, 0, 0, 0)
    assert counts(sales=cast.sales.pk) == counts(sales=cast.other_sales.pk) == (1, 1, 1, 1)
    for team in ({"sales": cast.sales.pk}, {"marketing": cast.marketing.pk}):
        asked = scope(**team)
        assert report.read(asked).funnel[-1].count == len(rows(asked, "won")) == 1


def test_source_says_what_was_accepted_and_what_it_brought(cast):
    factories.won(cast, "1000.50", from_source="event")
    factories.won(cast, "2000", from_source="event")
    factories.rejected(cast, from_source="event")
    seen("2026-03-02", source="event", won="2026-03-09")
    found = report.read(scope()).sources[0]
    assert (found.handed_off, found.accepted, found.acceptance) == (3, 2, 2 / 3)
    assert found.amount == Decimal("3000.50")


# -- Deliveries, decisions, promises


def test_delivered_counts_what_marketing_qualified_in_the_period(cast):
    factories.mql(cast)
    factories.mql(cast, at=when("2026-02-27 10:00"))
    factories.lead(cast)
    assert report.read(scope()).delivered == 1
    assert report.read(scope("2026-02-01")).delivered == 2


def test_decisions_count_those_that_stand_and_a_disqualified_lead_stays_accepted(cast):
    factories.disqualified(cast)
    factories.rejected(cast)
    released = factories.accepted(cast)
    handoffs.requeue(released, by=None, at=when("2026-03-02 14:20"), cause="test")
    undone = factories.rejected(cast)
    undo.undo(undone, by=cast.bea, at=when("2026-03-02 10:20:05"))
    found = report.read(scope()).decisions
    assert (found.decisions, found.accepted_by_sales, found.rejected_by_sales, found.rate) == (
        2,
        1,
        1,
        0.5,
    )


def test_terms_are_those_in_force_at_some_time_of_the_period(cast):
    old = report.read(scope()).terms
    volume = {"side": "marketing", "metric": "mql_volume", "target": "60"}
    stricter = [{**terms.ACCEPT, "target": "0.95", "window_minutes": 60}, volume]
    version = factories.drafted(
        cast.calendar,
        by=cast.luis,
        commitments=stricter,
        of=Agreement.objects.get(),
        at=when("2026-03-10 09:00"),
    )
    for side, by in (("marketing", cast.luis), ("sales", cast.dora)):
        factories.sign(version, side, by=by, at=when("2026-03-10 09:00"))
    agreements.activate(version, by=cast.dora, at=when("2026-03-10 09:00"))
    first, second = Term(Decimal("0.9"), 120), Term(Decimal("0.95"), 60)
    assert old["accept"] == [first]
    assert report.read(scope()).terms["accept"] == [second, first]
    assert report.read(scope("2026-03-01", "2026-03-09")).terms["accept"] == [first]
    assert report.read(scope("2026-03-11")).terms["accept"] == [second]
    assert report.read(scope("2025-12-01", "2025-12-31")).terms["accept"] == []


def renewed(cast, *, at, volume="84"):
    """The second version of the agreement, in force from ``at``."""
    promised = {"side": "marketing", "metric": "mql_volume", "target": volume}
    version = factories.drafted(
        cast.calendar,
        by=cast.luis,
        commitments=[terms.ACCEPT, promised],
        of=Agreement.objects.get(),
        at=at,
    )
    for side, by in (("marketing", cast.luis), ("sales", cast.dora)):
        factories.sign(version, side, by=by, at=at)
    agreements.activate(version, by=cast.dora, at=at)


@pytest.mark.parametrize(
    ("begins", "ends", "at", "on", "due"),
    [
        # March 2026 has 22 weekdays; 60 are promised in a month.
        ("2026-03-01", "2026-03-31", "2026-04-02 12:00", "2026-03-31", Fraction(60)),
        ("2026-03-01", "2026-03-31", "2026-03-12 12:00", "2026-03-11", Fraction(60 * 8, 22)),
        ("2026-03-09", "2026-03-31", "2026-03-12 12:00", "2026-03-11", Fraction(60 * 3, 22)),
        ("2026-03-01", "2026-03-31", "2026-03-09 12:00", "2026-03-08", Fraction(60 * 5, 22)),
        ("2026-03-01", "2026-03-31", "2026-03-01 12:00", None, None),
        ("2025-11-01", "2025-11-30", "2026-03-12 12:00", None, None),
    ],
)
def test_volume_is_due_by_working_days(cast, begins, ends, at, on, due):
    found = report.read(scope(begins, ends, at=when(at))).volume
    assert (found.on and found.on.isoformat(), found.due) == (on, due)


def test_each_version_is_due_for_its_own_working_days(cast):
    renewed(cast, at=when("2026-03-10 09:00"))
    found = report.read(scope(at=when("2026-04-02 12:00"))).volume
    assert found.due == Fraction(60 * 6, 22) + Fraction(84 * 16, 22)


def test_only_what_was_delivered_under_an_agreement_is_compared(cast):
    """The agreement of the cast is in force since 5 January 2026."""
    for day in ("2026-01-02", "2026-01-05", "2026-03-02"):
        factories.mql(cast, at=when(f"{day} 10:00"))
    found = report.read(scope("2025-12-01", "2026-03-31")).volume
    assert (found.delivered, found.under_agreement) == (3, 2)


@pytest.mark.parametrize(
    "part", [{"source": "event"}, {"source": NOT_GIVEN}, {"marketing": 1}, {"sales": 1}]
)
def test_part_of_the_leads_is_not_compared_with_the_promise_of_all(cast, part):
    found = report.read(scope(**part)).volume
    assert (found.due, found.ahead) == (None, None)


# -- One definition for numbers and lists


def test_every_number_equals_the_length_of_its_list(world):
    """A world in which no slice is empty."""
    for source in ("", "organic_search", "event", NOT_GIVEN):
        asked = scope(source=source)
        found = report.read(asked)
        counted = {step.stage: step.count for step in found.funnel}
        counted |= {f"unrecorded_{step.stage}": step.not_recorded for step in found.funnel[1:]}
        counted |= {"delivered": found.delivered, "won_early": found.days.before_first_seen}
        counted |= {name: value for name, value in vars(found.attainment).items() if name in SLICES}
        counted |= {f"contact_{name}": value for name, value in vars(found.contacts).items()}
        counted |= vars(found.decisions)
        counted |= dict(zip(TOOK, found.attainment.took, strict=True))
        counted |= {"handed": found.handed, "overridden": found.overridden}
        counted |= {band.slice: band.ended for band in found.bands}
        counted |= {band.won_slice: band.won for band in found.bands}
        beside = {"rejected_for", "refused", "apart"}  # counted by source or persona
        assert counted.keys() == SLICES.keys() - beside
        assert counted == {name: len(rows(asked, name)) for name in counted}
        if not source:
            empty = [name for name, count in counted.items() if not count]
            rare = (
                *TOOK,
                *(name for name in SLICES if name.startswith("contact_")),  # test_contacts
                *(band.slice for band in found.bands),
                *(band.won_slice for band in found.bands),
            )
            assert [name for name in empty if name not in rare] == ["unrecorded_won"]


def test_lead_handed_off_twice_is_two_cases_of_one_lead(world):
    found = rows(scope(source="event"), "rejected_by_sales")
    assert (len(found), len({case.lead_pk for case in found})) == (2, 1)


def test_win_from_sql_dates_the_opportunity_so_that_nothing_is_unrecorded(cast):
    outcomes.win(factories.sql(cast), Decimal("1000"), by=cast.bea, at=factories.WON_AT)
    assert all(step.not_recorded == 0 for step in report.read(scope()).funnel)


def test_numbers_are_read_with_fourteen_queries(world, django_assert_num_queries):
    with django_assert_num_queries(14):
        report.read(scope())


def test_group_without_leads_has_no_conversion() -> None:
    counts = dict.fromkeys(
        ("leads", "mql", "handed_off", "accepted", "sql", "won", "unrecorded_mql"), 0
    )
    group = Group("event", "Event", **counts, unrecorded_sql=0, amount=None)
    assert (group.conversion, group.acceptance) == (None, None)
