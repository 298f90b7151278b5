"""Business time: literal examples and properties.

The random cases are in test_arithmetic_cases.py.
"""

import json
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sla.worktime import explanation, weeks
from sla.worktime.arithmetic import add, between, is_open, next_close, next_open
from sla.worktime.calendar import CalendarNeverOpen, Window, WorkCalendar
from tests.sla.worktime import oracle
from tests.sla.worktime.oracle import HOUR, INSTANT, MINUTE, NOTHING, cases, durations, gaps

at = datetime.fromisoformat


def calendar(zone: str, *windows: tuple[int, int, int], holidays=None) -> WorkCalendar:
    return WorkCalendar(zone, tuple(Window(*window) for window in windows), holidays or {})


def office(zone: str, holidays=None) -> WorkCalendar:
    """Monday to Friday, 9 to 17."""
    return calendar(zone, *((weekday, 540, 1020) for weekday in range(5)), holidays=holidays)


BOGOTA = office("America/Bogota")
SUNDAY, SATURDAY, FRIDAY, THURSDAY = 6, 5, 4, 3


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2025-03-08T15:00-05:00", HOUR, "2025-03-10T10:00-05:00"),
        ("2025-03-07T16:30-05:00", HOUR, "2025-03-10T09:30-05:00"),
        ("2025-03-07T08:00-05:00", HOUR, "2025-03-07T10:00-05:00"),
        ("2025-03-07T16:00-05:00", HOUR, "2025-03-07T17:00-05:00"),
        ("2025-03-07T09:00-05:00", 40 * HOUR, "2025-03-13T17:00-05:00"),
        ("2025-03-07T09:00-05:00", 40 * HOUR + INSTANT, "2025-03-14T09:00:00.000001-05:00"),
        ("2025-03-07T16:59:59.999999-05:00", INSTANT, "2025-03-07T17:00-05:00"),
        ("2025-03-07T16:59:59.999999-05:00", 2 * INSTANT, "2025-03-10T09:00:00.000001-05:00"),
    ],
)
def test_add_counts_open_time_only_and_is_due_at_closing(start, duration, due):
    assert add(BOGOTA, at(start), duration) == at(due)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2025-03-07T11:22:33.444555-05:00", "2025-03-07T11:22:33.444555-05:00"),
        ("2025-03-08T15:00-05:00", "2025-03-10T09:00-05:00"),
        ("2025-03-07T17:00-05:00", "2025-03-10T09:00-05:00"),
    ],
)
def test_add_zero_is_the_next_open_instant(start, due):
    assert add(BOGOTA, at(start), NOTHING) == at(due)
    assert next_open(BOGOTA, at(start)) == at(due)


def test_is_open_at_the_edges_is_half_open():
    opens, closes = at("2025-03-07T09:00-05:00"), at("2025-03-07T17:00-05:00")
    edges = (opens - INSTANT, opens, closes - INSTANT, closes)
    assert [is_open(BOGOTA, edge) for edge in edges] == [False, True, True, False]


def test_next_close_is_the_end_of_this_or_the_next_stretch():
    friday, monday = at("2025-03-07T17:00-05:00"), at("2025-03-10T17:00-05:00")
    assert next_close(BOGOTA, friday - 8 * HOUR) == next_close(BOGOTA, friday - INSTANT) == friday
    assert next_close(BOGOTA, friday) == next_close(BOGOTA, friday + 24 * HOUR) == monday


def test_between_counts_both_ways():
    start, end = at("2025-03-07T16:00-05:00"), at("2025-03-10T10:30-05:00")
    assert between(BOGOTA, start, end) == timedelta(hours=2, minutes=30)
    assert between(BOGOTA, end, start) == -timedelta(hours=2, minutes=30)
    # 2025 has 261 days from Monday to Friday.
    assert (
        between(BOGOTA, at("2025-01-01T00:00-05:00"), at("2026-01-01T00:00-05:00"))
        == 261 * 8 * HOUR
    )


def test_answers_are_in_utc_whatever_zone_is_asked():
    tokyo = at("2025-03-08T15:00-05:00").astimezone(ZoneInfo("Asia/Tokyo"))
    for answer in (add(BOGOTA, tokyo, HOUR), next_open(BOGOTA, tokyo), next_close(BOGOTA, tokyo)):
        assert answer.tzinfo is UTC


def test_windows_that_overlap_or_touch_are_one():
    several = calendar(
        "UTC", (0, 540, 720), (0, 720, 800), (0, 600, 660), (0, 780, 1020), (0, 540, 720)
    )
    start = at("2025-03-10T00:00Z")
    assert between(several, start, at("2025-03-11T00:00Z")) == 8 * HOUR
    assert next_close(several, start) == at("2025-03-10T17:00Z")


def test_window_over_midnight_belongs_to_the_day_it_starts_on():
    night = calendar("UTC", (FRIDAY, 1320, 1560))
    assert is_open(night, at("2025-03-08T01:59Z"))
    assert not is_open(night, at("2025-03-07T01:00Z"))
    assert next_close(night, at("2025-03-07T23:00Z")) == at("2025-03-08T02:00Z")


def test_always_open_counts_every_instant_and_never_closes():
    always = WorkCalendar.always_open("America/Santiago")
    start = at("2024-08-30T12:00:00.000007Z")
    assert add(always, start, timedelta(days=30, microseconds=5)) == at(
        "2024-09-29T12:00:00.000012Z"
    )
    assert next_close(always, start) is None


def test_always_open_with_a_holiday_closes_for_that_local_day():
    open_windows = WorkCalendar.always_open("America/Bogota").windows
    shut_once = WorkCalendar("America/Bogota", open_windows, {date(2025, 12, 25): ()})
    assert next_close(shut_once, at("2025-10-01T00:00Z")) == at("2025-12-25T00:00-05:00")
    assert next_open(shut_once, at("2025-12-25T00:00-05:00")) == at("2025-12-26T00:00-05:00")


@pytest.mark.parametrize(
    ("holiday", "pairs", "duration", "due"),
    [
        (date(2025, 3, 10), (), HOUR, "2025-03-11T10:00-05:00"),
        (date(2025, 3, 10), ((600, 720), (780, 840)), 2 * HOUR, "2025-03-10T12:00-05:00"),
        (date(2025, 3, 10), ((600, 720), (780, 840)), 4 * HOUR, "2025-03-11T10:00-05:00"),
        (date(2025, 3, 8), ((900, 1500),), 10 * HOUR, "2025-03-09T01:00-05:00"),
    ],
)
def test_holiday_replaces_the_hours_of_its_date(holiday, pairs, duration, due):
    work = office("America/Bogota", {holiday: pairs})
    assert add(work, at("2025-03-08T15:00-05:00"), duration) == at(due)


def test_holiday_leaves_the_night_that_began_the_day_before():
    nights = calendar(
        "UTC", (THURSDAY, 1320, 1560), (FRIDAY, 1320, 1560), holidays={date(2025, 3, 7): ()}
    )
    assert is_open(nights, at("2025-03-07T01:00Z"))
    assert not is_open(nights, at("2025-03-07T23:00Z"))
    assert not is_open(nights, at("2025-03-08T01:00Z"))


def test_santiago_midnight_that_does_not_exist():
    # Sunday 2024-09-08 begins at 01:00 local, 04:00 UTC.
    early = calendar("America/Santiago", (SUNDAY, 0, 480))
    saturday = at("2024-09-07T16:00Z")
    assert next_open(early, saturday) == at("2024-09-08T04:00Z")
    assert between(early, saturday, at("2024-09-09T12:00Z")) == 7 * HOUR
    skipped = calendar("America/Santiago", (SUNDAY, 0, 60))
    assert next_open(skipped, saturday) == at("2024-09-15T03:00Z")


def test_santiago_window_over_the_midnight_that_does_not_exist():
    late = calendar("America/Santiago", (SATURDAY, 1320, 1560))
    opened = at("2024-09-08T02:00Z")
    assert next_open(late, at("2024-09-07T16:00Z")) == opened
    assert next_close(late, opened) == add(late, opened, 3 * HOUR) == at("2024-09-08T05:00Z")


def test_havana_hour_that_passes_twice_counts_twice():
    # On 2024-11-03, 00:00 to 01:00 passes from 04:00 UTC and again from 05:00 UTC.
    first_hour = calendar("America/Havana", (SUNDAY, 0, 60))
    assert next_open(first_hour, at("2024-11-02T12:00Z")) == at("2024-11-03T04:00Z")
    assert next_close(first_hour, at("2024-11-02T12:00Z")) == at("2024-11-03T06:00Z")
    part = calendar("America/Havana", (SUNDAY, 15, 45))
    assert add(part, at("2024-11-03T04:30Z"), timedelta(minutes=30)) == at("2024-11-03T05:30Z")
    assert between(part, at("2024-11-03T00:00Z"), at("2024-11-04T00:00Z")) == HOUR


def test_fold_of_a_local_instant_is_honoured():
    part = calendar("America/Havana", (SUNDAY, 15, 45))
    second = datetime(2024, 11, 3, 0, 30, tzinfo=ZoneInfo("America/Havana"), fold=1)
    assert next_close(part, second) == at("2024-11-03T05:45Z")
    assert next_close(part, second.replace(fold=0)) == at("2024-11-03T04:45Z")


@pytest.mark.parametrize(
    ("sunday", "opens", "hours"), [("2024-10-06", "14:30", 1.5), ("2024-04-07", "14:00", 2.5)]
)
def test_lord_howe_changes_by_half_an_hour(sunday, opens, hours):
    early = calendar("Australia/Lord_Howe", (SUNDAY, 60, 180))
    opened = at(f"{sunday}T{opens}Z") - timedelta(days=1)
    assert next_open(early, opened - 6 * HOUR) == opened
    assert next_close(early, opened) == opened + hours * HOUR


def test_st_johns_change_one_minute_after_midnight_reopens_the_evening():
    # On 2006-10-29 at 00:01 the clock went back to 23:01 on Saturday.
    evening = calendar("America/St_Johns", (SATURDAY, 1380, 1440))
    opened = at("2006-10-29T01:30Z")
    assert next_close(evening, opened) == at("2006-10-29T02:30Z")
    assert next_open(evening, at("2006-10-29T02:30Z")) == at("2006-10-29T02:31Z")
    assert add(evening, opened, timedelta(minutes=119)) == at("2006-10-29T03:30Z")


def test_apia_friday_that_was_skipped_does_not_count():
    thursday = at("2011-12-29T16:00-10:00")
    assert add(office("Pacific/Apia"), thursday, 2 * HOUR) == at("2012-01-02T10:00+14:00")
    # The wall clock read Saturday 01:00, which lies in Friday's window, although that Friday never
    # was.
    night = calendar("Pacific/Apia", (FRIDAY, 1320, 1560))
    assert next_open(night, thursday) == at("2011-12-31T00:00+14:00")
    assert next_close(night, thursday) == at("2011-12-31T02:00+14:00")


@pytest.mark.parametrize(
    ("zone", "opened"),
    [("Europe/Madrid", "1890-01-06T09:14:44Z"), ("America/Bogota", "1880-01-05T13:56:16Z")],
)
def test_local_mean_time_keeps_its_seconds(zone, opened):
    assert next_open(office(zone), at(opened) - 30 * HOUR) == at(opened)


WORKDAY = (Window(0, 540, 1020),)
OPEN = at("2025-03-07T09:30-05:00")
YEARS_OFF = office(
    "America/Bogota", {date(2025, 1, 1) + timedelta(days=n): () for n in range(3 * 366)}
)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (partial(is_open, BOGOTA), "at"),
        (partial(next_open, BOGOTA), "at"),
        (partial(next_close, BOGOTA), "at"),
        (partial(add, BOGOTA, duration=HOUR), "at"),
        (partial(between, BOGOTA, end=OPEN), "start"),
        (partial(between, BOGOTA, OPEN), "end"),
    ],
)
@pytest.mark.parametrize("naive", [datetime(2025, 3, 7, 9), date(2025, 3, 7), None])
def test_naive_instant_is_refused_by_name(call, field, naive):
    with pytest.raises(ValueError, match=f"^{field} must be an aware datetime"):
        call(naive)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add(BOGOTA, OPEN, -INSTANT), "^duration must not be negative"),
        (
            lambda: next_open(BOGOTA, datetime.min.replace(tzinfo=UTC)),
            "^at must not lie at the very ends",
        ),
        (
            lambda: next_open(BOGOTA, datetime.max.replace(tzinfo=UTC)),
            "^at must not lie at the very ends",
        ),
        (lambda: between(BOGOTA, at("1900-01-01T00:00Z"), OPEN), "more than a hundred years apart"),
        (lambda: Window(7, 540, 1020), "^weekday must be"),
        (lambda: Window(True, 540, 1020), "^weekday must be"),
        (lambda: Window(0, -1, 1020), "^opens must be"),
        (lambda: Window(0, 1440, 1500), "^opens must be"),
        (lambda: Window(0, 9.5, 1020), "^opens must be"),
        (lambda: Window(0, 540, 540), "^closes must be"),
        (lambda: Window(0, 540, 1981), "^closes must be"),
        (lambda: WorkCalendar("UTC", [(0, 540, 1020)], {}), "^windows must be a tuple of Window"),
        (lambda: WorkCalendar("UTC", WORKDAY, [date(2025, 12, 25)]), "^holidays must map"),
        (lambda: WorkCalendar("UTC", WORKDAY, {"2025-12-25": ()}), "^holidays must have dates"),
        (
            lambda: WorkCalendar("UTC", WORKDAY, {datetime(2025, 12, 25): ()}),
            "^holidays must have dates",
        ),
        (
            lambda: office("UTC", {date(2025, 12, 25): ((540, 540),)}),
            r"^holidays\[2025-12-25\].*closes",
        ),
        (lambda: office("UTC", {date(2025, 12, 25): (540, 720)}), r"^holidays\[2025-12-25\]"),
        (lambda: office("UTC", {date(2025, 12, 25): None}), r"^holidays\[2025-12-25\]"),
        (
            lambda: WorkCalendar("UTC", WORKDAY, {}, {date(2026, 1, 1): ()}),
            r"^changes\[2026-01-01\]",
        ),
        (
            lambda: WorkCalendar("UTC", WORKDAY, {}, {"2026-01-01": WORKDAY}),
            "^changes must have dates",
        ),
    ],
)
def test_impossible_value_is_refused_by_field(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: WorkCalendar("America/Bogota", (), {}),
        lambda: next_open(YEARS_OFF, OPEN),
        lambda: next_close(YEARS_OFF, OPEN),
        lambda: add(YEARS_OFF, OPEN, HOUR),
        lambda: add(BOGOTA, OPEN, timedelta.max),
        lambda: add(BOGOTA, OPEN, timedelta(days=15000)),
    ],
)
def test_time_that_never_comes_is_refused(call):
    with pytest.raises(CalendarNeverOpen):
        call()


def test_a_year_of_holidays_opens_after_it():
    year = {date(2025, 1, 1) + timedelta(days=n): () for n in range(365)}
    assert next_open(office("America/Bogota", year), OPEN) == at("2026-01-01T09:00-05:00")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset")
@pytest.mark.parametrize("machine", ["UTC", "America/Santiago", "Pacific/Kiritimati", "XXX+11:30"])
def test_machine_time_zone_does_not_matter(machine, monkeypatch):
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    weeks.open_week.cache_clear()
    try:
        assert add(office("America/Santiago"), at("2024-09-07T16:00Z"), HOUR) == at(
            "2024-09-09T13:00Z"
        )
        assert (
            between(office("Europe/Madrid"), at("2024-03-29T00:00Z"), at("2024-04-02T00:00Z"))
            == 16 * HOUR
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def deadline(work: WorkCalendar, start: datetime, lasting: timedelta) -> datetime:
    try:
        return add(work, start, lasting)
    except CalendarNeverOpen:
        # A minute a week is a calendar too, and then ten million seconds are centuries.
        assume(False)
        raise


@pytest.mark.properties
@given(cases())
def test_is_open_is_the_reading_of_the_wall_clock(case):
    assert is_open(*case) is oracle.reads_open(*case)


@pytest.mark.properties
@given(cases(), st.data())
def test_is_open_near_a_clock_change_is_the_reading_of_the_wall_clock(case, data):
    work, _ = case
    changes = oracle.offset_changes(work.zone)
    assume(changes)
    start = data.draw(st.sampled_from(changes)) + data.draw(st.integers(-180, 180)) * MINUTE
    for moment in (start - INSTANT, start):
        assert is_open(work, moment) is oracle.reads_open(work, moment)


@pytest.mark.properties
@given(cases(), durations)
def test_between_undoes_add(case, lasting):
    work, start = case
    assert between(work, start, deadline(work, start, lasting)) == lasting


@pytest.mark.properties
@given(cases(), durations, durations)
def test_add_is_additive(case, first, second):
    work, start = case
    assume(first and second)
    whole = deadline(work, start, first + second)
    assert add(work, add(work, start, first), second) == whole


@pytest.mark.properties
@given(cases(), gaps, durations)
def test_add_and_between_are_monotone(case, gap, lasting):
    work, start = case
    earlier, later = sorted([start, start + gap])
    assert deadline(work, earlier, lasting) <= deadline(work, later, lasting)
    assert deadline(work, start, lasting) < deadline(work, start, lasting + INSTANT)
    assert NOTHING <= between(work, earlier, later) <= later - earlier


@pytest.mark.properties
@given(cases(), gaps, gaps)
def test_between_adds_up(case, to_middle, to_end):
    work, start = case
    middle, end = start + to_middle, start + to_end
    assert between(work, start, middle) + between(work, middle, end) == between(work, start, end)


@pytest.mark.properties
@given(cases())
def test_next_open_and_next_close_bound_one_stretch(case):
    work, start = case
    opening, closing = next_open(work, start), next_close(work, start)
    assert is_open(work, opening)
    assert between(work, start, opening) == NOTHING
    if opening > start:
        assert not is_open(work, opening - INSTANT)
    if closing is not None:
        assert not is_open(work, closing)
        assert is_open(work, closing - INSTANT)
        assert between(work, opening, closing) == closing - opening


@pytest.mark.properties
@given(cases())
def test_any_calendar_survives_json(case):
    assert WorkCalendar.from_json(json.loads(json.dumps(case[0].to_json()))) == case[0]


def test_no_zone_changes_its_offset_twice_within_two_days():
    # The search for clock changes looks once a day.
    gaps = [b - a for zone in oracle.ZONES for a, b in pairwise(oracle.offset_changes(zone))]
    assert timedelta(days=2) < min(gaps) < timedelta(days=30)


@pytest.mark.parametrize(("days", "office_hours", "allowed"), [(7, 40, 100e-6), (365, 2080, 5e-3)])
def test_a_week_and_a_year_are_quick(days, office_hours, allowed):
    start = at("2025-03-05T15:02:03Z")
    end = start + timedelta(days=days)
    for ask in (
        partial(between, BOGOTA, start, end),
        partial(add, BOGOTA, start, office_hours * HOUR),
    ):
        rounds = []
        for _ in range(6):
            begun = time.process_time()
            for _ in range(50):
                ask()
            rounds.append((time.process_time() - begun) / 50)
        assert min(rounds) <= allowed


@pytest.mark.properties
@given(cases(), durations, st.sampled_from(oracle.ZONES))
def test_zone_of_the_viewer_does_not_matter(case, lasting, viewer):
    work, start = case
    due = deadline(work, start, lasting)
    there = start.astimezone(ZoneInfo(viewer))
    assert add(work, there, lasting) == due
    assert is_open(work, there) is is_open(work, start)
    assert between(work, there, due.astimezone(ZoneInfo(viewer))) == lasting
    short = min(lasting, 40 * HOUR)
    if deadline(work, start, short) - start < timedelta(days=100):
        assert explanation.explain(work, there, short) == explanation.explain(work, start, short)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="needs tzset")
def test_zone_of_the_machine_does_not_matter_to_random_cases(monkeypatch):
    asked = list(oracle.random_cases("America/Santiago", 100))
    try:
        for machine in ("Asia/Kathmandu", "America/Havana", "XXX+11:30"):
            monkeypatch.setenv("TZ", machine)
            time.tzset()
            weeks.open_week.cache_clear()
            for case in asked:
                assert add(case.calendar, case.start, case.lasting) == case.due
                assert between(case.calendar, case.start, case.other) == case.elapsed
    finally:
        monkeypatch.undo()
        time.tzset()
