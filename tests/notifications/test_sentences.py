"""The sentence of each kind of notice, in both languages."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from django.utils import translation

from crm.notifications import sentences
from tests.sources import python_files, tree

SAMPLE = {
    "lead": "Mariana Peña",
    "company": "Grupo Andino",
    "team": "Ventas México",
    "by": "Bea Quintero",
    "owner": "",
    "metric": "accept",
    "reason": {"es": "Precio", "en": "Price"},
    "amount": "9000",
    "due_at": "2026-11-23T20:42:00Z",
}
SAMPLE |= {
    "agreement": "Acuerdo Norte",
    "number": 3,
    "said": "Una hora",
    "state": "proposed",
    "days": 7,
}
SIGNED_BY_SALES, A_DRAFT, ONE_DAY = {"side": "sales"}, {"state": "draft"}, {"days": 1}
OWNED, CONTACT, DECISION = (
    {"owner": "Bea Quintero"},
    {"metric": "first_contact"},
    {"metric": "sql_decision"},
)
PERSONA = {"persona": {"es": "Dueña", "en": "Owner"}, "number": 2}
NOTICES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "agreement.comment",
        {},
        "Bea Quintero commented on Acuerdo Norte, version 3: Una hora",
        "Bea Quintero comentó el acuerdo Acuerdo Norte, versión 3: Una hora",
    ),
    (
        "agreement.in_force",
        {},
        "Now in force: Acuerdo Norte, version 3",
        "Ya está en vigor: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.proposed",
        {},
        "Bea Quintero asks for your signature: Acuerdo Norte, version 3",
        "Bea Quintero pide tu firma: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        {},
        "In 7 days both sides look at the agreement again: Acuerdo Norte, version 3",
        "En 7 días ambas partes revisan el acuerdo: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        ONE_DAY,
        "In 1 day both sides look at the agreement again: Acuerdo Norte, version 3",
        "En 1 día ambas partes revisan el acuerdo: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.renewal",
        {"days": 0},
        (
            "It is time to look at the agreement again, and no next version is signed: Acuerdo"
            " Norte, version 3"
        ),
        (
            "Es hora de revisar el acuerdo y no hay una próxima versión firmada: Acuerdo Norte,"
            " versión 3"
        ),
    ),
    (
        "agreement.reopened",
        {"why": "Falta algo"},
        (
            "Bea Quintero made it a draft again; signatures are void: Acuerdo Norte, version 3 ·"
            " Falta algo"
        ),
        (
            "Bea Quintero lo volvió a borrador; las firmas quedan sin efecto: Acuerdo Norte,"
            " versión 3 · Falta algo"
        ),
    ),
    (
        "agreement.signed",
        {"side": "marketing"},
        "Bea Quintero signed for marketing: Acuerdo Norte, version 3",
        "Bea Quintero firmó por marketing: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.signed",
        SIGNED_BY_SALES,
        "Bea Quintero signed for sales: Acuerdo Norte, version 3",
        "Bea Quintero firmó por ventas: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.unsigned",
        {},
        "Waits for a signature since 7 days: Acuerdo Norte, version 3",
        "Espera una firma desde hace 7 días: Acuerdo Norte, versión 3",
    ),
    (
        "agreement.unsigned",
        A_DRAFT,
        "A draft since 7 days: Acuerdo Norte, version 3. Finish it and sign, or discard it.",
        (
            "Borrador desde hace 7 días: Acuerdo Norte, versión 3. Termínenlo y fírmenlo, o"
            " deséchenlo."
        ),
    ),
    (
        "handoff.accepted",
        {},
        "Bea Quintero accepted Mariana Peña",
        "Bea Quintero aceptó a Mariana Peña",
    ),
    (
        "handoff.breached",
        {},
        "Overdue: nobody in Ventas México accepted or rejected Mariana Peña",
        "Vencido: nadie de Ventas México aceptó ni rechazó a Mariana Peña",
    ),
    (
        "handoff.breached",
        CONTACT,
        "Overdue: Mariana Peña was not contacted in time",
        "Vencido: no se contactó a tiempo a Mariana Peña",
    ),
    (
        "handoff.breached",
        DECISION,
        "Overdue: no SQL decision on Mariana Peña",
        "Vencido: sin decisión de SQL sobre Mariana Peña",
    ),
    (
        "handoff.disqualified",
        {},
        "Bea Quintero disqualified Mariana Peña: Price",
        "Bea Quintero descartó a Mariana Peña: Precio",
    ),
    (
        "handoff.duplicate",
        {},
        "Bea Quintero says that Mariana Peña is a duplicate of another lead",
        "Bea Quintero dice que Mariana Peña es un duplicado de otro prospecto",
    ),
    (
        "handoff.escalated_director",
        {},
        "Ventas México is still overdue with Mariana Peña: nobody took it",
        "Sigue vencido en Ventas México: nadie tomó a Mariana Peña",
    ),
    (
        "handoff.escalated_director",
        OWNED,
        "Ventas México is still overdue with Mariana Peña, owner Bea Quintero",
        "Sigue vencido en Ventas México: Mariana Peña, responsable Bea Quintero",
    ),
    (
        "handoff.escalated_lead",
        {},
        "Your team is overdue with Mariana Peña, nobody took it: please step in",
        "Vencido en tu equipo: nadie tomó a Mariana Peña. Hace falta que intervengas",
    ),
    (
        "handoff.escalated_lead",
        OWNED,
        "Your team is overdue with Mariana Peña, owner Bea Quintero: please step in",
        "Vencido en tu equipo: Mariana Peña, responsable Bea Quintero. Hace falta que intervengas",
    ),
    (
        "handoff.given_back",
        {},
        "Bea Quintero could not reach Mariana Peña by its data and gave it back: Price",
        "Bea Quintero no encontró a Mariana Peña con sus datos y lo devolvió: Precio",
    ),
    (
        "handoff.lost",
        {},
        "Bea Quintero closed Mariana Peña as lost: Price",
        "Bea Quintero cerró Mariana Peña como perdido: Precio",
    ),
    (
        "handoff.misrouted",
        {},
        "Bea Quintero passed Mariana Peña on to another team",
        "Bea Quintero pasó a Mariana Peña a otro equipo",
    ),
    (
        "handoff.misrouted",
        {"state": "sent_back"},
        "Bea Quintero says that Mariana Peña is for another team: it is with you again",
        "Bea Quintero dice que Mariana Peña es para otro equipo: vuelve a ti",
    ),
    (
        "handoff.new",
        {},
        "New in the queue of Ventas México: Mariana Peña (Grupo Andino)",
        "Nuevo en la cola de Ventas México: Mariana Peña (Grupo Andino)",
    ),
    (
        "handoff.next_step",
        {"state": "decision"},
        "Your next step with Mariana Peña is due",
        "Tu siguiente paso con Mariana Peña vence",
    ),
    (
        "handoff.next_step",
        {"state": "attempt"},
        "Try again to reach Mariana Peña",
        "Intenta de nuevo contactar a Mariana Peña",
    ),
    (
        "handoff.next_step",
        {"state": "call_back"},
        "Call Mariana Peña, as agreed",
        "Llama a Mariana Peña, como quedaron",
    ),
    (
        "handoff.next_step",
        {"state": "not_reached"},
        "Mariana Peña was not reached in the agreed attempts: recycle it, or set another step",
        "No se logró contactar a Mariana Peña en los intentos acordados: recíclalo o"
        " fija otro paso",
    ),
    (
        "handoff.reapplied",
        {},
        "Bea Quintero brought your open leads to the agreement in force: some deadlines have moved",
        (
            "Bea Quintero trajo tus prospectos abiertos al acuerdo en vigor: algunos vencimientos"
            " se movieron"
        ),
    ),
    (
        "handoff.resumed",
        CONTACT,
        "The pause is over: the clock of the first contact with Mariana Peña runs again",
        "Terminó la pausa: el reloj del primer contacto con Mariana Peña corre de nuevo",
    ),
    (
        "handoff.resumed",
        DECISION,
        "The pause is over: the clock of the SQL decision on Mariana Peña runs again",
        "Terminó la pausa: el reloj de la decisión de SQL sobre Mariana Peña corre de nuevo",
    ),
    (
        "handoff.reassigned",
        {},
        "Bea Quintero gave you Mariana Peña (Grupo Andino)",
        "Bea Quintero te pasó a Mariana Peña (Grupo Andino)",
    ),
    (
        "handoff.rejected",
        {},
        "Bea Quintero rejected Mariana Peña: Price",
        "Bea Quintero rechazó a Mariana Peña: Precio",
    ),
    (
        "handoff.recycled",
        {},
        "Bea Quintero recycled Mariana Peña: it is parked for later",
        "Bea Quintero recicló a Mariana Peña: queda en espera",
    ),
    (
        "handoff.action",
        {},
        "New from Mariana Peña: Price",
        "Nuevo de Mariana Peña: Precio",
    ),
    (
        "handoff.woken",
        {},
        "Mariana Peña is awake again: its date has come",
        "Mariana Peña despertó: llegó su fecha",
    ),
    (
        "handoff.requeued",
        {},
        "Back at the head of the queue of Ventas México: Mariana Peña",
        "De vuelta al frente de la cola de Ventas México: Mariana Peña",
    ),
    (
        "handoff.sql",
        {},
        "Mariana Peña is an SQL, says Bea Quintero",
        "Mariana Peña es SQL, según Bea Quintero",
    ),
    (
        "handoff.taken_over",
        OWNED,
        "Mariana Peña is now with Bea Quintero (Grupo Andino)",
        "Mariana Peña está ahora con Bea Quintero (Grupo Andino)",
    ),
    (
        "handoff.warning",
        {},
        "Time is running out to accept or reject Mariana Peña",
        "Queda poco tiempo para aceptar o rechazar a Mariana Peña",
    ),
    (
        "handoff.warning",
        CONTACT,
        "Time is running out for the first contact with Mariana Peña",
        "Queda poco tiempo para el primer contacto con Mariana Peña",
    ),
    (
        "handoff.warning",
        DECISION,
        "Time is running out for the SQL decision on Mariana Peña",
        "Queda poco tiempo para la decisión de SQL sobre Mariana Peña",
    ),
    (
        "handoff.won",
        {},
        "Bea Quintero won Mariana Peña",
        "Bea Quintero cerró Mariana Peña como ganado",
    ),
    (
        "persona.published",
        PERSONA,
        "Bea Quintero published version 2 of the persona “Owner”",
        "Bea Quintero publicó la versión 2 de la buyer persona “Dueña”",
    ),
    (
        "handoff.arbitrated",
        {"state": "upheld"},
        (
            "Bea Quintero decided: the rejection of Mariana Peña is overturned, and it goes to"
            " sales again"
        ),
        "Bea Quintero decidió: se anula el rechazo de Mariana Peña, que vuelve a ventas",
    ),
    (
        "handoff.arbitrated",
        {"state": "denied"},
        "Bea Quintero decided: the rejection of Mariana Peña stands",
        "Bea Quintero decidió: el rechazo de Mariana Peña se mantiene",
    ),
    (
        "handoff.disputed",
        {},
        "Bea Quintero contests that Mariana Peña was rejected: please decide as the arbiter",
        "Bea Quintero disputa el rechazo de Mariana Peña: decide como árbitro",
    ),
    (
        "handoff.repeated",
        {},
        "Mariana Peña was rejected as often as agreed: please decide as the arbiter",
        ("Mariana Peña ya tiene los rechazos acordados: decide como árbitro"),
    ),
    (
        "handoff.breached",
        {"metric": "dispute"},
        "Overdue: the arbiter has not decided what becomes of Mariana Peña",
        "Vencido: el árbitro no ha decidido qué pasa con Mariana Peña",
    ),
    ("unknown", {}, "New about a lead: unknown", "Novedad sobre un prospecto: unknown"),
]


@pytest.mark.parametrize(("kind", "params", "english", "spanish"), NOTICES)
def test_notice_speaks_both_languages(kind, params, english, spanish):
    found = {}
    for language in ("en", "es"):
        with translation.override(language):
            found[language] = sentences.sentence(kind, {**SAMPLE, **params})
    assert found == {"en": english, "es": spanish}


def test_every_kind_of_notice_has_its_sentence():
    written = written_kinds()
    assert {kind for kind, *_rest in NOTICES} == written | {"unknown"}
    sent = {
        node.value
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and re.fullmatch(r"handoff\.\w+|persona\.published", str(node.value))
    }
    sent |= {f"agreement.{kind}" for kind in told_of_agreements()}
    # lost and disqualified are named by the state
    assert sent | {"handoff.lost", "handoff.disqualified"} == written


def test_every_sentence_about_a_lead_has_one_without_names():
    about_leads = {name for name in written_kinds() if name.startswith("handoff.")}
    assert set(sentences.OUT_OF_SIGHT) == about_leads - {"handoff.reapplied"}
    assert [str(text) for text in sentences.OUT_OF_SIGHT.values() if "%" in str(text)] == []


def written_kinds() -> set[str]:
    """The kinds that have a sentence, whatever the details of it."""
    return {".".join(name.split(".")[:2]) for name in sentences.PATTERNS}


def told_of_agreements() -> set[str]:
    """The kinds that sla.agreements.agreements.notify is called with."""
    calls = [
        node
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    ]
    tells = [
        call
        for call in calls
        if ast.unparse(call.func) in ("notify", "agreements.notify") and call.args
    ]
    first = [call.args[0] for call in tells if isinstance(call.args[0], ast.Constant)]
    return {str(each.value) for each in first if "." not in str(each.value)}
