"""Parallel accepts of one handoff: one winner, and everybody else is told who was faster."""

import threading
from collections import Counter

import pytest

from tests.faults.running import PATIENCE

MANY, MORE = 40, 200
LONG = pytest.mark.long_faults
pytestmark = [pytest.mark.faults, pytest.mark.slow]


def race(running, handoff, parallel):
    """The answers of ``parallel`` sessions, on a warm connection each, that accept at the
    same moment.
    """
    people = [running.sign_in(part) for part in ("sales_rep", "team_lead") * 5]
    sessions = [running.another(people[number % len(people)]) for number in range(parallel)]
    return answers_of(sessions, handoff)


def answers_of(sessions, handoff):
    """The answers when all ``sessions`` accept at once."""
    barrier, answers = threading.Barrier(len(sessions)), []

    def accept(session):
        session.line.connect()
        barrier.wait(timeout=30)
        try:
            answers.append(session.accept(handoff))
        except OSError as problem:
            answers.append((599, {}, repr(problem)))
        finally:
            session.close()

    threads = [threading.Thread(target=accept, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    lost = [text for status, _, text in answers if status == 599]
    print(f"without an answer: {len(lost)} of {len(sessions)} {sorted(set(lost))}")
    return answers


@pytest.mark.parametrize("parallel", [MANY, pytest.param(MORE, marks=LONG)])
def test_one_of_many_wins(running, parallel):
    (handoff,) = running.make(1)
    answers = race(running, handoff, parallel)
    assert Counter(status for status, _, _ in answers) == {302: 1, 409: parallel - 1}
    facts = (
        "SELECT count(*), min(u.name) FROM leads_decision d JOIN accounts_user u ON u.id = d.by_id"
    )
    decisions, winner = running.sql(facts + " WHERE handoff_id = %s", handoff)[0]
    assert decisions == 1
    assert all(winner in text for status, _, text in answers if status == 409)
    events = "SELECT count(*) FROM leads_event WHERE handoff_id = %s AND kind = 'accepted'"
    assert running.value(events, handoff) == 1
    clocks = (
        "SELECT metric, state FROM sla_clock WHERE subject_id = %s AND subject_type = "
        "'handoff' ORDER BY id"
    )
    assert running.sql(clocks, handoff) == [("accept", "met"), ("first_contact", "running")]
    assert running.check_invariants() == ""


@LONG
def test_read_then_write_is_noticed(start):
    running = start(MUTANT="read_then_write")
    (handoff,) = running.make(1)
    counted = Counter(status for status, _, _ in race(running, handoff, MORE))
    print(f"read then write: {dict(counted)}")
    assert counted[302] > 1 or any(status >= 500 for status in counted)
