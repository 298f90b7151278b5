"""The stories of the demo, each found where its people look for it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from crm.accounts import leaves
from crm.accounts.models import Team
from crm.notifications.models import Message
from leads.conflicts import NoContactAsked
from leads.desks import director, readiness, team, unconfirmed
from leads.follow_up import package_truth, templates
from leads.models import (
    Handoff,
    Lead,
    MessageTemplate,
    PlannedStep,
    Return,
)
from leads.returns import recycling
from leads.staff import absences
from sla.models import Clock
from sla.states import Metric
from tests import factories
from tests.conftest import Moment, execute
from tests.demo import stories
from tests.demo.stories import Desks, person

pytestmark = pytest.mark.django_db

NOON = "2026-03-18 12:00"  # a Wednesday


@pytest.fixture(scope="module", autouse=True)
def loaded(within):
    within(lambda: factories.demo(at=Moment(execute).set(NOON), leads=0))


@pytest.fixture
def desks(moment: Moment) -> Desks:
    return Desks(moment.set(NOON))


def handoffs_of(name: str) -> list[Handoff]:
    return list(Handoff.objects.filter(lead__person__name=name).order_by("cycle"))


def moves(name: str) -> list[str]:
    """Return the states of the handoffs of a lead, and its stage."""
    lead = Lead.objects.get(person__name=name)
    return [*(str(handoff.state) for handoff in handoffs_of(name)), str(lead.stage)]


# -- Marketing's desk


def test_two_returns_a_dispute_a_waking_and_a_fourth_attempt(desks: Desks) -> None:
    stories.check(desks.at)


@pytest.mark.parametrize(
    ("name", "rejected_by", "words"),
    [
        ("Julián Cárdenas", "Cruz Medina", "El teléfono no existe."),
        # What was given back has the outcome of the attempt before its note.
        ("Olivia Barragán", "Bea Quintero", "Contesta una panadería: no conocen a Olivia."),
        ("Rodrigo Salvatierra", "Cruz Medina", "Apenas 12 empleados: no llega a los 20"),
    ],
)
def test_return_says_who_rejected_and_why(
    desks: Desks, name: str, rejected_by: str, words: str
) -> None:
    row = desks.sent_back()[name]
    assert (row.rejected_by, words in (row.comment or "")) == (rejected_by, True)


def test_only_these_were_sent_back(desks: Desks) -> None:
    named = {"Julián Cárdenas", "Olivia Barragán", "Rodrigo Salvatierra"}
    assert set(desks.sent_back()) == named


def test_comment_of_the_misunderstood_persona_contradicts_the_lead(desks: Desks) -> None:
    company = Lead.objects.get(person__name="Rodrigo Salvatierra").company
    assert company is not None
    assert company.employees == 240


def test_leads_wake_by_date_and_by_action(desks: Desks) -> None:
    causes = [(name, row.state, row.cause) for name, row in desks.waking().items()]
    assert causes == [
        ("Beatriz Arana", "woken", "action"),
        ("Pilar Montalvo", "woken", "date"),
        ("Ramón Cifuentes", "parked", ""),
    ]


def test_lead_with_marketing_has_a_next_step(desks: Desks) -> None:
    step = PlannedStep.objects.open().get(handoff=None)
    assert (str(step.lead), str(step.owner), step.text) == (
        "Sebastián Prieto",
        "Ana Robles",
        "Preguntar cuántos empleados tienen",
    )
    assert step.due_at > desks.at


def test_lead_whose_company_size_is_not_known_needs_data(desks: Desks) -> None:
    measure = readiness.measure()
    lead = Lead.objects.get(person__name="Sebastián Prieto")
    judged = readiness.judge([lead.pk], measure)[lead.pk]
    assert (judged.place, [point.rule.code for point in judged.unknown]) == (
        readiness.NEEDS_DATA,
        ["company-size"],
    )


# -- My leads


def test_rep_has_steps_overdue_and_due_today(desks: Desks) -> None:
    overdue = desks.mine("overdue")
    today = desks.mine("today")
    assert {"Leandro Bustos", "Adriana Solórzano"} <= set(overdue)
    assert {"Renata Villalobos", "Diego Luna"} <= set(today) - set(overdue)
    assert desks.planned("Renata Villalobos").text == "Enviar la propuesta con el precio anual"
    assert desks.planned("Adriana Solórzano").kind == "call_back"


def test_ladder_left_the_lead_to_the_rep_who_tried(desks: Desks) -> None:
    (handoff,) = handoffs_of("Leandro Bustos")
    assert (handoff.state, str(handoff.owner)) == ("accepted", "Bea Quintero")
    assert handoff.clock is not None
    steps = set(handoff.clock.firings.values_list("kind", flat=True))
    assert steps == {"warn", "breach", "tell_lead", "requeue"}
    tiers = set(handoff.attempts.values_list("tier", flat=True))
    assert tiers == {"said", "clicked"}


# -- Leave


def test_team_lead_sees_who_is_on_leave_and_who_stands_in(desks: Desks) -> None:
    teams = team.teams_of(person("Dora"))
    accepts = team.accepts(teams, since=team.month_of(desks.at))
    people = team.colleagues(teams, accepts, at=desks.at)
    away = {each.load.name: each.leave for each in people}
    leave = away.pop("Iris Navarro")
    assert leave is not None
    assert (str(leave.delegate), set(away.values())) == ("Bea Quintero", {None})


def test_step_that_names_the_absent_rep_went_to_the_delegate(desks: Desks) -> None:
    (handoff,) = handoffs_of("Mauricio Peralta")
    iris = person("Iris")
    assert handoff.owner == iris
    told = Message.objects.filter(kind="handoff.breached", params__away_id=iris.pk)
    assert {str(message.recipient) for message in told} == {"Bea Quintero"}


def test_back_from_leave_luis_reads_what_his_delegate_did(desks: Desks) -> None:
    luis = person("Luis")
    leave = absences.last_leave(luis, today=leaves.today_of(luis, at=desks.at))
    assert leave is not None
    absence = absences.absence(luis, leave)
    decided = [(event.kind, str(event.actor), str(event.lead)) for event in absence.decided]
    assert decided == [("closed", "Ana Robles", "Susana Ordaz")]
    happened = {(event.kind, str(event.actor)) for event in absence.happened}
    assert ("rejected", "Cruz Medina") in happened


# -- The past


@pytest.mark.parametrize(
    ("name", "states", "answer"),
    [
        ("Óscar Treviño", ["rejected", "won", "won"], "fixed"),
        ("Susana Ordaz", ["rejected", "closed"], "closed"),
        ("Germán Villar", ["rejected", "won", "won"], "overturned"),
        ("Irene Palma", ["rejected", "recycled"], "recycled"),
        ("Julián Cárdenas", ["rejected", "returned"], "open"),
        ("Daniela Mora Jiménez", ["duplicate", "closed"], "duplicate"),
        ("Fabiola Rentería", ["misrouted", "opportunity", "opportunity"], ""),
        ("Rosario Benavides", ["recycled", "recycled"], ""),
        ("Elías Cordero", ["disqualified", "disqualified"], ""),
    ],
)
def test_lead_of_the_past_went_this_way(
    desks: Desks, name: str, states: list[str], answer: str
) -> None:
    assert moves(name) == states
    answers = Return.objects.filter(handoff__lead__person__name=name)
    assert [str(each.state) for each in answers] == [answer] * bool(answer)


def test_disputes_of_the_past_were_decided_both_ways(desks: Desks) -> None:
    decided = Lead.objects.filter(disputes__decided_by=person("Elsa"))
    found = dict(decided.values_list("person__name", "disputes__state"))
    assert found == {"Germán Villar": "upheld", "Irene Palma": "denied"}


def test_duplicate_is_of_a_lead_with_the_same_company(desks: Desks) -> None:
    answer = Return.objects.get(state="duplicate")
    assert answer.original is not None
    assert str(answer.original) == "Daniela Mora"
    assert answer.original.company == answer.handoff.lead.company
    copied = answer.original.valuable_actions.filter(copied_from__isnull=False)
    assert [action.kind.code for action in copied] == ["asked_for_information"]


def test_person_who_asked_for_no_contact_cannot_be_handed_off(desks: Desks) -> None:
    lead = Lead.objects.get(person__name="Elías Cordero")
    assert lead.person.no_contact_at is not None
    cast = {"team": handoffs_of("Elías Cordero")[0].team, "by": person("Ana")}
    with pytest.raises(NoContactAsked):
        factories.handoffs.hand_off(lead, at=desks.at, **cast)


def test_lead_that_was_never_reached_had_all_agreed_attempts(desks: Desks) -> None:
    parking = recycling.parked(Lead.objects.get(person__name="Rosario Benavides"))
    assert parking is not None
    assert parking.reason.code == "no_answer"
    made = parking.handoff.attempts.made()
    assert (made.count(), set(made.values_list("reached", flat=True))) == (6, {False})


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("Daniela Mora", {"yes"}),
        ("Gabriela Núñez", {"yes", "no"}),
        ("Teresa Aguirre", {"yes", "no"}),
    ],
)
def test_sales_said_what_of_the_package_was_true(
    desks: Desks, name: str, answers: set[str]
) -> None:
    (handoff,) = handoffs_of(name)
    found = package_truth.answers(handoff)
    assert {str(row.answer) for row in found.values()} == answers
    assert {row.by for row in found.values()} == {handoff.owner}


@pytest.mark.parametrize(
    ("name", "minutes_before_the_end"), [("Nicolás Ferrán", 1), ("Verónica Salcido", 59)]
)
def test_contact_is_proven_by_word_alone_and_near_a_deadline_or_warning(
    desks: Desks, name: str, minutes_before_the_end: int
) -> None:
    (handoff,) = handoffs_of(name)
    (attempt,) = handoff.attempts.all()
    ran = Clock.objects.get(subject_id=handoff.pk, metric=Metric.FIRST_CONTACT)
    assert (attempt.outcome, attempt.tier) == ("reached", "said")
    assert ran.due_at - attempt.at == timedelta(minutes=minutes_before_the_end)
    later = handoff.events.filter(at__gt=attempt.at, at__lt=attempt.at + timedelta(days=7))
    assert not later.filter(actor__isnull=False).exists()


def test_rep_and_team_lead_read_what_only_a_word_proves(desks: Desks) -> None:
    cruz = person("Cruz")
    teams = team.teams_of(person("Dora"))
    for attempts in (unconfirmed.own(cruz), unconfirmed.of_teams(teams)):
        said = unconfirmed.by_word(attempts, at=desks.at)
        names = {str(each.handoff.lead) for each in said}
        assert names >= {"Nicolás Ferrán", "Verónica Salcido"}
        (last,) = unconfirmed.equal_notes(attempts, at=desks.at)
        assert unconfirmed.how_often([last]) == {last.pk: 6}


# -- Templates and the director


def test_each_sales_team_has_templates_in_both_languages(desks: Desks) -> None:
    found = MessageTemplate.objects.in_use().values_list("team__name", "language", "channel")
    teams = Team.objects.filter(side="sales").values_list("name", flat=True)
    assert set(found) == set(product(teams, ("es", "en"), ("whatsapp", "email")))


def test_template_is_filled_with_the_lead_and_the_rep(desks: Desks) -> None:
    (handoff,) = handoffs_of("Diego Luna")
    filled = templates.filled_for(handoff, handoff.lead, person("Bea"))
    first = next(each for each in filled if each.template.name == "Primer contacto")
    assert first.url.startswith("https://wa.me/525550001007?text=Hola%2C%20Diego%3A%20soy%20Bea")


def test_director_sees_what_nobody_answered(desks: Desks) -> None:
    page = director.escalations().page(after="", size=50)
    rows = director.escalation_rows(page)
    assert "Julián Cárdenas" in [row.handoff.name for row in rows]
