"""The work of imports: counts that come true, kills half-way, workers side by side, undoing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from crm.accounts.models import User
from crm.audit.models import Entry
from crm.lib import clock
from crm.lib.errors import DomainError
from crm.tasks import work_on_imports
from leads import handoffs
from leads.imports import batches, bulk_capture, pipeline, runs
from leads.imports import worker as import_work
from leads.imports.rejects import rows as rejected_rows
from leads.imports.shown import ImportMovedOn
from leads.imports.worker import Worker
from leads.lists.leads import lead_list
from leads.models import (
    Event,
    FirstTouch,
    ImportChunk,
    ImportReject,
    ImportRun,
    Lead,
    Person,
    ValuableAction,
)
from leads.records import leads
from leads.records.identity import known_leads
from tests import factories
from tests.conftest import Moment
from tests.factories import Cast
from tests.leads.imports.imported import AT, asked, checked, file, imported, row, started, uploaded
from tests.races.parallel import together

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def at_ten(moment: Moment) -> None:
    """Monday at ten."""


def rejects(run: ImportRun) -> list[tuple[int, str]]:
    return list(
        ImportReject.objects.filter(run=run).order_by("number").values_list("number", "kind")
    )


def test_imported_lead_is_like_a_captured_one(cast: Cast, tmp_path: Path) -> None:
    imported(cast, file(tmp_path, 1))
    data = {
        "person": {
            "name": "Persona 1",
            "email": "p1@a.test",
            "phone": "55 4000 0001",
            "country": "MX",
        },
        "company": {"name": "Empresa 0", "country": "MX"},
    }
    source, action = factories.source("event"), factories.action("sent_form")
    leads.capture(data, by=cast.ana, at=AT, team=cast.marketing, source=source, first_action=action)
    same = [
        "stage",
        "marketing_team",
        "source",
        "company",
        "first_seen_on",
        "attributes",
        "is_imported",
        "created_by",
    ]
    both = list(
        Lead.objects.order_by("pk").values(*same, "created_at", "owner", "version", "archived_at")
    )
    assert both[0] == both[1]
    people = list(
        Person.objects.order_by("pk").values(
            "name", "email", "phone", "job_title", "country", "language"
        )
    )
    assert people[0] == people[1]
    touches = list(
        FirstTouch.objects.order_by("pk").values(
            "source", "seen_on", "seen_at", "medium", "campaign"
        )
    )
    assert touches[0] == touches[1]
    facts = ("kind", "actor", "at", "occurred_on", "from_state", "to_state")
    events = [
        list(one.events.order_by("pk").values_list(*facts)) for one in Lead.objects.order_by("pk")
    ]
    assert events[0] == events[1]
    actions = list(
        ValuableAction.objects.order_by("pk").values(
            "kind", "occurred_on", "occurred_at", "recorded_by"
        )
    )
    assert actions[0] == actions[1]
    texts = list(Lead.objects.order_by("pk").values_list("search_text", flat=True))
    assert texts == [
        "persona 1 empresa 0 p1@a.test 525540000001 x-1",
        "persona 1 empresa 0 p1@a.test 525540000001",
    ]


def test_check_writes_no_lead_and_its_counts_come_true(cast: Cast, tmp_path: Path) -> None:
    factories.lead(cast, person={"email": "p2@a.test"})
    factories.lead(cast, person={"name": "", "email": "", "phone": "+525540000003"})
    path = file(tmp_path, 5, more=row(1) + ",bad,,,,,,\n" + "Otra,,,,,,,x-4\n")
    run = checked(cast, path)
    counts = {"new": 3, "known": 2, "duplicate": 2, "wrong": 1}
    assert (run.state, run.checked["counts"], run.rows_total, Lead.objects.count()) == (
        "checked",
        counts,
        8,
        2,
    )
    runs.start(run, by=cast.ana, at=AT)
    import_work.work(60)
    run.refresh_from_db()
    assert (run.state, run.done, Lead.objects.count()) == ("done", counts, 5)
    assert rejects(run) == [
        (3, "known"),
        (4, "known"),
        (7, "duplicate"),
        (8, "wrong"),
        (9, "duplicate"),
    ]


def test_problems_name_row_and_field(cast: Cast, tmp_path: Path) -> None:
    run = checked(cast, file(tmp_path, 1, more=",bad,,,Atlantis,,,\n"))
    with translation.override("en"):
        found = rejected_rows.found_by_check(run, cast.ana)
    assert [(row.row, row.kind, row.problem) for row in found] == [
        (2, "new", ""),
        (
            3,
            "wrong",
            "E-mail (Correo): “bad” is no e-mail address; Give at least a name, an e-mail,"
            " a phone or an external id.",
        ),
    ]


def test_killed_half_way_goes_on_with_nothing_twice_and_nothing_lost(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 10)
    run = started(cast, file(tmp_path, 35))
    worker = Worker()
    worker.step()
    real = bulk_capture._note_actions

    def killed(*args: object, **kwargs: object) -> None:
        real(*args, **kwargs)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk_capture, "_note_actions", killed)
    with pytest.raises(KeyboardInterrupt):
        worker.step()
    run.refresh_from_db()
    assert (run.state, run.rows_done, run.done["new"], Lead.objects.count()) == (
        "running",
        10,
        10,
        10,
    )
    monkeypatch.setattr(bulk_capture, "_note_actions", real)
    assert Worker().step() is False  # the lease of the killed one still runs
    ImportRun.objects.update(busy_until=clock.wall() - timedelta(seconds=1))
    import_work.work(60)
    run.refresh_from_db()
    names = list(Lead.objects.order_by("pk").values_list("person__name", flat=True))
    assert (run.state, names) == ("done", [f"Persona {n}" for n in range(1, 36)])
    assert run.done == {"new": 35, "known": 0, "duplicate": 0, "wrong": 0}
    assert (Event.objects.count(), run.rows_done) == (70, 35)


def test_check_that_was_killed_begins_anew(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 10)
    run = asked(uploaded(cast, file(tmp_path, 15, more=row(1))), cast)
    killed = Worker()
    killed.step()
    killed.close()
    import_work.work(60)
    run.refresh_from_db()
    assert run.checked["counts"] == {"new": 15, "known": 0, "duplicate": 1, "wrong": 0}


def test_file_is_opened_outside_the_transaction_of_a_batch(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database ends a transaction that is idle for as long as a large file takes to open."""
    run = checked(cast, file(tmp_path, 3))
    runs.start(run, by=cast.ana, at=AT)
    depths: dict[str, int] = {}

    def depth() -> int:
        return int(connection.in_atomic_block) + len(connection.savepoint_ids)

    def note(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def noted(*args: object, **more: object) -> object:
            depths[name] = depth()
            return real(*args, **more)

        return noted

    monkeypatch.setattr(import_work, "RunFile", note("open", import_work.RunFile))
    monkeypatch.setattr(batches, "import_batch", note("import", batches.import_batch))
    outside = depth()
    Worker().step()
    assert depths == {"open": outside, "import": outside + 1}


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_import_once(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 20)
    run = started(cast, file(tmp_path, 200))
    states = together(*[lambda: work_on_imports.apply(throw=True).state] * 3)
    run.refresh_from_db()
    assert (states, run.state, run.done["new"], Lead.objects.count()) == (
        ["SUCCESS"] * 3,
        "done",
        200,
        200,
    )
    assert Event.objects.count() == 400
    work_on_imports.apply(throw=True)
    assert Lead.objects.count() == 200


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_people_bring_them_once(cast: Cast, tmp_path: Path) -> None:
    first, second = started(cast, file(tmp_path, 100)), started(cast, file(tmp_path, 110))
    together(*[lambda run=run: Worker(only=run.pk).work(60) for run in (first, second)])
    import_work.work(60)
    assert Lead.objects.count() == 110
    assert sorted(ImportRun.objects.values_list("done__new", flat=True)) in ([0, 110], [10, 100])


def test_error_of_ours_is_tried_again_and_then_told(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(cast, file(tmp_path, 3))

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(bulk_capture, "capture", broken)
    for _try in range(5):
        ImportRun.objects.update(next_try_at=None)
        assert Worker().step() is True
    run.refresh_from_db()
    assert (run.state, run.rows_done, Lead.objects.count(), bool(run.problem)) == (
        "failed",
        0,
        0,
        True,
    )
    monkeypatch.undo()
    runs.start(run, by=cast.ana, at=AT)
    import_work.work(60)
    run.refresh_from_db()
    assert (run.state, run.done["new"]) == ("done", 3)


def test_error_in_the_last_step_of_an_import_is_counted(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(cast, file(tmp_path, 3))

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(batches, "record", broken)
    for failures in (1, 2, 3, 4):
        ImportRun.objects.update(next_try_at=None)
        assert Worker().step() is True
        run.refresh_from_db()
        assert (run.state, run.failures, run.busy_until) == ("running", failures, None)
    ImportRun.objects.update(next_try_at=None)
    Worker().step()
    run.refresh_from_db()
    assert (run.state, run.rows_done, Lead.objects.count()) == ("failed", 0, 0)


def test_row_that_the_database_refuses_is_set_aside_alone(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(cast, file(tmp_path, 20))
    factories.lead(cast, person={"email": "someone@else.test"})
    # As if another process had written the lead after the look-up.
    monkeypatch.setattr(known_leads, "find", lambda wanted, sight: [None] * len(wanted))
    Lead.objects.update(external_system=run.system, external_id="x-7")
    import_work.work(60)
    run.refresh_from_db()
    assert (run.state, run.done["new"], run.done["wrong"], rejects(run)) == (
        "done",
        19,
        1,
        [(8, "wrong")],
    )


def test_file_is_forgotten_when_its_import_has_ended(cast: Cast, tmp_path: Path) -> None:
    run = started(cast, file(tmp_path, 3))
    assert ImportChunk.objects.count() == 1
    import_work.work(60)
    run.refresh_from_db()
    assert (ImportChunk.objects.count(), run.sample) == (0, [])


def test_same_content_is_recognised(cast: Cast, tmp_path: Path) -> None:
    first = imported(cast, file(tmp_path, 3))
    again = checked(cast, file(tmp_path, 3))
    assert runs.same_file(again, cast.ana) == first
    assert again.checked["counts"] == {"new": 0, "known": 3, "duplicate": 0, "wrong": 0}


def test_columns_are_matched_as_in_the_last_import_and_never_as_in_a_discarded_check(
    cast: Cast, tmp_path: Path
) -> None:
    targets = ["person.name", "person.email", "", "company.name", "", "", "", ""]
    run = asked(uploaded(cast, file(tmp_path, 1)), cast, targets=targets)
    import_work.work(60)
    run.refresh_from_db()
    assert uploaded(cast, file(tmp_path, 2)).columns != targets
    runs.start(run, by=cast.ana, at=AT)
    import_work.work(60)
    wrong = ["person.name", "", "", "", "", "", "", ""]
    discarded = asked(uploaded(cast, file(tmp_path, 4)), cast, targets=wrong)
    import_work.work(60)
    discarded.refresh_from_db()
    runs.discard(discarded, by=cast.ana, at=AT)
    assert uploaded(cast, file(tmp_path, 2)).columns == targets
    other = factories.person("Nora", cast.other_marketing)
    assert uploaded(cast, file(tmp_path, 3), team=cast.other_marketing, by=other).columns != targets


def test_checked_file_that_is_read_another_way_is_a_draft_again(cast: Cast, tmp_path: Path) -> None:
    run = checked(cast, file(tmp_path, 2, more=row(1)))
    runs.read_as(run, by=cast.ana, at=AT, header_row=2)
    run.refresh_from_db()
    assert (run.state, run.checked, bytes(run.duplicates), run.rows_done) == ("draft", {}, b"", 0)
    with pytest.raises(ImportMovedOn):
        runs.start(run, by=cast.ana, at=AT)


# -- Undo


def visible(user: User) -> int:
    return lead_list(user, QueryDict(), at=clock.now()).listing.rows.count()


def test_undo_archives_and_leaves_what_moved_on(cast: Cast, tmp_path: Path) -> None:
    run = imported(cast, file(tmp_path, 4))
    first, second, *_rest = Lead.objects.order_by("pk")
    leads.add_action(
        first, factories.action(), occurred_on=AT.date(), by=cast.ana, at=AT + timedelta(hours=1)
    )
    leads.change(
        second, {"person": {"name": "Otra"}}, by=cast.ana, at=AT + timedelta(hours=1), version=1
    )
    runs.undo(run, by=cast.luis, at=AT + timedelta(hours=2))
    import_work.work(60)
    run.refresh_from_db()
    assert (run.state, run.done["archived"], run.done["left"], visible(cast.ana)) == (
        "undone",
        2,
        2,
        2,
    )
    assert runs.left_after_undo(run, cast.ana, 10) == [first, second]
    assert Event.objects.filter(kind="archived", actor=cast.luis).count() == 2
    assert Entry.objects.get(verb="import_leads_archived").payload == {"archived": 2, "left": 2}


def test_archived_lead_is_neither_handed_off_nor_changed(cast: Cast, tmp_path: Path) -> None:
    run = imported(cast, file(tmp_path, 1))
    lead = Lead.objects.get()
    runs.undo(run, by=cast.ana, at=AT)
    import_work.work(60)
    with pytest.raises(handoffs.LeadIsArchived):
        handoffs.qualify(lead, cast.persona, by=cast.ana, at=AT)
    with pytest.raises(leads.ChangedMeanwhile):
        leads.change(lead, {"person": {"name": "Otra"}}, by=cast.ana, at=AT, version=2)


def test_undone_import_may_be_imported_again(cast: Cast, tmp_path: Path) -> None:
    run = imported(cast, file(tmp_path, 3))
    runs.undo(run, by=cast.ana, at=AT)
    import_work.work(60)
    again = imported(cast, file(tmp_path, 3))
    assert (again.done["new"], visible(cast.ana)) == (3, 3)


@pytest.mark.parametrize(
    ("after", "is_possible"), [(DAY - timedelta(seconds=1), True), (DAY, False)]
)
def test_undo_is_possible_for_a_day(
    cast: Cast, tmp_path: Path, after: timedelta, is_possible: bool
) -> None:
    run = imported(cast, file(tmp_path, 1))
    assert runs.can_be_undone(run, AT + after) is is_possible
    if not is_possible:
        with pytest.raises(runs.TooLateToUndo):
            runs.undo(run, by=cast.ana, at=AT + after)


# -- Steps out of order, and what is thrown away


@pytest.mark.parametrize("step", ["start", "undo"])
def test_step_that_does_not_follow_is_refused(cast: Cast, tmp_path: Path, step: str) -> None:
    run = uploaded(cast, file(tmp_path, 1))
    with pytest.raises(DomainError):
        getattr(runs, step)(run, by=cast.ana, at=AT)


def test_start_twice_starts_once(cast: Cast, tmp_path: Path) -> None:
    run = checked(cast, file(tmp_path, 1))
    stale = ImportRun.objects.get(pk=run.pk)
    runs.start(run, by=cast.ana, at=AT)
    with pytest.raises(ImportMovedOn):
        runs.start(stale, by=cast.luis, at=AT)


def test_tidy_forgets_old_drafts_and_old_rejects(cast: Cast, tmp_path: Path) -> None:
    old = uploaded(cast, file(tmp_path, 1))
    imported(cast, file(tmp_path, 2, more=row(1)))
    runs.tidy(at=AT + timedelta(days=6))
    assert (ImportChunk.objects.count(), ImportReject.objects.count()) == (1, 1)
    runs.tidy(at=AT + timedelta(days=31))
    old.refresh_from_db()
    assert (old.state, ImportChunk.objects.count(), ImportReject.objects.count()) == (
        "discarded",
        0,
        0,
    )


def test_batch_costs_the_same_queries_for_one_row_and_for_many(cast: Cast, tmp_path: Path) -> None:
    counts = []
    for rows, begin in ((1, 1), (50, 100)):
        run = started(cast, file(tmp_path, rows, begin=begin))
        with CaptureQueriesContext(connection) as queries:
            Worker(only=run.pk).step()
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] == counts[1]
