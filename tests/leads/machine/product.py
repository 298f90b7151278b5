"""The product as the state machine asks it: sight, role and state, then one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from crm import tasks
from crm.accounts import leaves
from crm.accounts.models import User
from crm.lib.errors import DomainError
from leads import events, handoffs, permissions, steps
from leads.follow_up import attempts, next_steps, no_contact, reminders
from leads.forms.handoff_steps import STEPS
from leads.handoffs import outcomes, undo
from leads.models import Handoff, Lead
from leads.permissions import Permission
from leads.qualification import judging
from leads.records import leads
from leads.returns import duplicates, misrouting, recycling, returns
from leads.staff.handover import colleagues_for
from leads.states import AttemptOutcome, FollowUp
from sla.clocks import ladder
from tests import factories
from tests.factories import Cast
from tests.leads.machine.world import COLLEAGUES, Turn, World
from tests.leads.returns.rows import reason_to_close, reason_to_recycle

RELATED = ("lead__person", "team", "clock")
REFUSALS = (DomainError, PermissionDenied, Lead.DoesNotExist, Handoff.DoesNotExist)
# Without the limit that a sweep sets to its transaction, which here is that of the whole run.
MOVE = """
SELECT set_config('tests.moment', %s, false),
    set_config('idle_in_transaction_session_timeout', '0', false)
"""
STATE = """
SELECT json_agg(of_lead ORDER BY id), (SELECT count(*) FROM leads_event) FROM (
    SELECT lead.id, json_build_object(
        'stage', stage,
        'owner', lead.owner_id,
        'is_marked', person.no_contact_at IS NOT NULL,
        'is_parked', parking.id IS NOT NULL,
        'wake_at', extract(epoch FROM parking.wake_at),
        'step', (SELECT json_build_array(kind, owner_id, handoff_id IS NULL)
            FROM leads_plannedstep WHERE lead_id = lead.id AND ended_at IS NULL),
        'cycles', (SELECT coalesce(json_agg(json_build_object(
                'state', h.state,
                'team', h.team_id,
                'owner', h.owner_id,
                'decision', (SELECT json_build_array(kind, by_id) FROM leads_decision
                    WHERE handoff_id = h.id AND undone_at IS NULL AND released_at IS NULL),
                'back', coalesce(r.state, ''),
                'answers', CASE WHEN r.state = 'open' THEN r.assigned_to_id END,
                'case', coalesce(d.kind, ''),
                'ruling', coalesce(d.state, ''),
                'arbiter', CASE WHEN d.state = 'open' THEN d.arbiter_id END,
                'made', (SELECT count(*) FROM leads_attempt
                    WHERE handoff_id = h.id AND outcome <> 'begun' AND at >= h.accepted_at),
                'begun', (SELECT count(*) FROM leads_attempt
                    WHERE handoff_id = h.id AND outcome = 'begun'),
                'clocks', (SELECT coalesce(json_agg(metric::text ORDER BY metric), '[]')
                    FROM sla_clock WHERE stopped_at IS NULL AND (
                        (subject_type = 'handoff' AND subject_id = h.id)
                        OR (subject_type = 'return' AND subject_id = r.id)
                        OR (subject_type = 'dispute' AND subject_id = d.id)))
            ) ORDER BY h.cycle), '[]')
            FROM leads_handoff h
            LEFT JOIN leads_return r ON r.handoff_id = h.id AND r.state <> 'cancelled'
            LEFT JOIN leads_dispute d ON d.handoff_id = h.id AND d.state <> 'cancelled'
            WHERE h.lead_id = lead.id)
    ) AS of_lead
    FROM leads_lead lead
    JOIN leads_person person ON person.id = lead.person_id
    LEFT JOIN leads_parking parking ON parking.lead_id = lead.id AND parking.state = 'parked'
) AS rows
"""


@dataclass
class Call:
    """A turn with the rows that it is about, as they are now."""

    product: Product
    turn: Turn
    by: User
    at: datetime
    lead: Lead
    handoff: Handoff | None

    @property
    def arg(self) -> Any:
        return self.turn.arg

    def day(self, days: int | None) -> date | None:
        if days is None:
            return None
        return events.today(self.at) + timedelta(days=days)


class Product:
    """The leads of one run in the database, and the people who act on them."""

    def __init__(self, cast: Cast, found: list[Lead]) -> None:
        self.cast = cast
        self.ids = [lead.pk for lead in found]
        self.teams = {"sales": cast.sales, "south": cast.other_sales}
        self.names = ("ana", "luis", "bea", "cruz", "dora", "elsa")
        self.people: dict[str, User] = {}
        self.opening = World(factories.LOGGED_AT, [])

    def at(self, moment: datetime) -> None:
        """Let the time of the database be ``moment``."""
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [moment.isoformat()])

    def forget_people(self) -> None:
        """Read the people anew with the next action: who is away is read once of each."""
        self.people = {}

    def person(self, name: str) -> User:
        if name not in self.people:
            self.people[name] = User.objects.get(pk=getattr(self.cast, name).pk)
        return self.people[name]

    def state(self) -> tuple[list[dict[str, Any]], int]:
        """Return what the model knows of each lead, and the number of events so far."""
        state, written = self._rows(STATE)[0]
        return state, written

    def _rows(self, statement: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def take(self, turn: Turn, *, asks: bool = True) -> None:
        """Do what a page or the API does: sight, role and state, then the call.

        Without ``asks`` only the call, as after a race. Raises one of REFUSALS.
        """
        act, permitted = CALLS[turn.name]
        with transaction.atomic():
            # Of a leave no lead is asked, so none has to be in sight.
            call = self._call(turn, asks=asks and turn.name != "leave")
            if asks:
                for permission in permitted:
                    permission(call)
            act(call)
        if turn.name == "leave":
            self.forget_people()

    def _call(self, turn: Turn, *, asks: bool) -> Call:
        by = self.person(turn.by)
        leads_seen = Lead.objects.visible_to(by) if asks else Lead.objects.all()
        handoffs_seen = Handoff.objects.visible_to(by) if asks else Handoff.objects.all()
        pk = self.ids[turn.world.leads.index(turn.lead)]
        handoff = None
        if turn.cycle is not None:
            rows = handoffs_seen.select_related(*RELATED)
            handoff = rows.get(lead=pk, cycle=turn.cycle.number)
            lead = handoff.lead
        else:
            lead = leads_seen.select_related("person", "company", "source").get(pk=pk)
        return Call(self, turn, by, turn.at, lead, handoff)

    def sweep(self, *, until: datetime) -> None:
        """Do what the sweep does up to ``until``: each step of a ladder at its own time.

        Steps that fire late count as held up by an outage of ours.
        """
        self.forget_people()
        while True:
            (due_at,) = self._rows("SELECT min(next_step_at) FROM sla_clock")[0]
            if due_at is None or due_at >= until:
                break
            self.at(due_at + timedelta(milliseconds=1))
            assert ladder.sweep(tasks.SUBJECTS), "a step that is due does not fire"
        self.at(until)
        recycling.wake_due(at=until)
        reminders.remind_due(at=until)


# -- What is asked before the call

Ask = Callable[[Call], object]


def of_handoff(*wanted: Permission) -> Ask:
    def ask(call: Call) -> None:
        if call.handoff is None:
            raise PermissionDenied
        steps.check(call.by, call.handoff, *wanted)

    return ask


def of_lead(*wanted: Permission) -> Ask:
    return lambda call: steps.check(call.by, call.lead, *wanted)


def of_evidence(call: Call) -> None:
    steps.check_evidence(call.by, call.lead, judging.latest_handoff(call.by, call.lead))


def of_plan(call: Call) -> None:
    if _worked(call) is not None:
        steps.check(call.by, call.handoff, permissions.can_work)
    else:
        steps.check(call.by, call.lead, permissions.can_qualify)


def nothing(call: Call) -> None:
    """Whoever may ask for a leave: that is no question of leads."""


# -- The calls


def _worked(call: Call) -> Handoff | None:
    handoff = call.handoff
    return handoff if handoff is not None and handoff.is_open else None


def step(name: str, data: Callable[[Call], dict[str, Any]] = lambda call: {}) -> tuple[Any, Any]:
    """Return call and question of a step of leads.forms.handoff_steps."""
    found = STEPS[name]

    def act(call: Call) -> None:
        found.act(call.handoff, data(call), by=call.by, at=call.at)

    return act, [of_handoff(found.permission)]


def decision(act: Callable[[Call], object]) -> tuple[Any, Any]:
    return act, [of_handoff(permissions.can_decide)]


def _update(call: Call) -> None:
    number = call.lead.version
    data: dict[str, Any] = {"person": {"job_title": f"Directora de Ventas {number}"}}
    if call.arg == "industry":
        data["company"] = {"industry": f"Software {number}"}
    leads.change(call.lead, data, by=call.by, at=call.at, version=call.lead.version)


def _prove(call: Call) -> None:
    factories.prove(call.lead, by=call.by, at=call.at)


def _act(call: Call) -> None:
    today = events.today(call.at)
    kind = factories.action()
    leads.add_action(
        call.lead, kind, occurred_on=today, occurred_at=call.at, by=call.by, at=call.at
    )


def _qualify(call: Call) -> None:
    handoffs.qualify(call.lead, call.product.cast.persona, by=call.by, at=call.at)


def _hand_off(call: Call) -> None:
    team, has_reason = call.arg
    handoffs.hand_off(
        call.lead,
        team=call.product.teams[team],
        persona_version=call.product.cast.persona,
        unchanged_reason="Así estaba bien" if has_reason else "",
        by=call.by,
        at=call.at,
    )


REASONS = {
    "clerical": "bad_contact_data",
    "definitional": "not_the_persona",
    "procedural": "wrong_team",
}


def _reject(call: Call) -> None:
    reason = factories.rejection(REASONS[call.arg])
    handoffs.reject(call.handoff, reason, comment="Falta el cargo", by=call.by, at=call.at)


def _misroute(call: Call) -> None:
    team = call.product.teams[call.arg] if call.arg is not None else None
    misrouting.misroute(call.handoff, team, comment="Es del sur", by=call.by, at=call.at)


def _original(call: Call) -> Lead | None:
    if call.arg is None:
        return None
    original = duplicates.pick(call.by, call.product.ids[call.arg])
    if original is None:
        raise DomainError("out of sight")
    return original


def _duplicate(call: Call) -> None:
    comment = "Ya lo tenemos" if call.arg is None else ""
    duplicates.mark(call.handoff, _original(call), comment=comment, by=call.by, at=call.at)


def _link(call: Call) -> None:
    duplicates.link(call.handoff, _original(call), by=call.by, at=call.at)


def _heir(call: Call) -> dict[str, Any]:
    """Return the data of the form, which offers the colleagues."""
    heir = call.product.person(call.arg)
    if heir not in colleagues_for(call.handoff, at=call.at):
        raise DomainError("no colleague")
    return {"owner": heir, "comment": "Reparto"}


def _give_return(call: Call) -> None:
    answerer = call.product.person(call.arg)
    if answerer not in returns.colleagues(call.handoff, at=call.at):
        raise DomainError("no colleague")
    returns.assign(call.handoff, answerer, by=call.by, at=call.at, why="Reparto")


def _attempt(call: Call) -> dict[str, Any]:
    day = call.day(1) if call.arg == AttemptOutcome.CALL_BACK else None
    return {
        "channel": "phone",
        "outcome": AttemptOutcome(call.arg),
        "call_back_on": day,
        "note": "",
        "happened_at": None,
    }


def _outcome(call: Call) -> dict[str, Any]:
    begun = attempts.begun_by(call.by, call.handoff)
    return {**_attempt(call), "attempt": begun[0].pk if begun else 0}


def _begin(call: Call) -> None:
    attempts.begin(call.handoff, "whatsapp", by=call.by, at=call.at)


def _consent(call: Call) -> None:
    no_contact.lift(call.lead, "Lo pidió por correo", by=call.by, at=call.at)


def _plan(call: Call) -> None:
    day = call.day(call.arg)
    next_steps.change(call.lead, _worked(call), FollowUp.OTHER, day, by=call.by, at=call.at)


def _leave(call: Call) -> None:
    days, has_delegate = call.arg
    if call.turn.by not in COLLEAGUES:
        raise PermissionDenied
    delegate = call.product.person(COLLEAGUES[call.turn.by]) if has_delegate else None
    today = events.today(call.at)
    leaves.take(
        call.by,
        today,
        today + timedelta(days=days),
        by=call.by,
        at=call.at,
        delegate=delegate,
    )


def _parking(call: Call) -> dict[str, Any]:
    return {"reason": reason_to_recycle(), "wake_on": call.day(call.arg), "comment": ""}


def _end(code: str) -> Callable[[Call], dict[str, Any]]:
    return lambda call: {"reason": factories.outcome(code), "comment": ""}


def _closing(call: Call) -> dict[str, Any]:
    return {"reason": reason_to_close(), "comment": ""}


def _comment(call: Call) -> dict[str, Any]:
    return {"comment": "Por esto"}


CALLS: dict[str, tuple[Callable[[Call], object], list[Ask]]] = {
    "update": (_update, [of_lead(*permissions.CHANGE)]),
    "prove": (_prove, [of_evidence]),
    "act": (_act, [of_lead(*permissions.CHANGE)]),
    "qualify": (_qualify, [of_lead(permissions.can_qualify)]),
    "hand_off": (_hand_off, [of_lead(permissions.can_hand_off)]),
    "withdraw": step("withdraw", _comment),
    "accept": decision(lambda call: handoffs.accept(call.handoff, by=call.by, at=call.at)),
    "accept_as_sql": (
        lambda call: outcomes.accept_as_sql(call.handoff, by=call.by, at=call.at),
        [of_handoff(permissions.can_accept_as_sql)],
    ),
    "reject": decision(_reject),
    "misroute": decision(_misroute),
    "duplicate": decision(_duplicate),
    "undo": (
        lambda call: undo.undo(call.handoff, by=call.by, at=call.at),
        [of_handoff(permissions.can_undo)],
    ),
    "requeue": step("requeue", _comment),
    "reassign": step("reassign", _heir),
    "begin": (_begin, [of_handoff(permissions.can_work)]),
    "attempt": step("attempt", _attempt),
    "settle": step("outcome", _outcome),
    "consent": (_consent, [of_lead(*permissions.CHANGE)]),
    "plan": (_plan, [of_plan]),
    "give_back": step("give-back"),
    "not_reached": step("not-reached", _parking),
    "sql": step("sql"),
    "opportunity": step(
        "opportunity", lambda call: {"expected_amount": None, "expected_close_on": None}
    ),
    "win": step("win", lambda call: {"amount": Decimal(90000)}),
    "lose": step("lose", _end("price")),
    "disqualify": step("disqualify", _end("no_budget")),
    "reopen": step("reopen", lambda call: {"reason": "Fue un error"}),
    "close": step("close", _closing),
    "take_up": step("take-up"),
    "link": (_link, [of_handoff(permissions.can_answer_return)]),
    "give_return": (_give_return, [of_handoff(permissions.can_assign_return)]),
    "dispute": step("dispute", _comment),
    "uphold": step("uphold", _comment),
    "deny": step("deny", _comment),
    "once_more": step("once-more", _comment),
    "end_case": step("end-case", _closing),
    "park_case": step("park-case", _parking),
    "recycle": step("recycle", _parking),
    "wake": step("wake"),
    "leave": (_leave, [nothing]),
}
