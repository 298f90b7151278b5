"""The documents of the demo's personas, in Spanish and English."""

from __future__ import annotations

from typing import Any

from crm.setup.starter.bilingual import both

LEADER: dict[str, Any] = {
    "who": both(
        "Directora o gerente comercial de una empresa mediana de América Latina, con un equipo de"
        " ventas propio de entre cuatro y veinte personas.\nResponde por el número del trimestre."
        " Los lunes abre tres hojas de cálculo para saber qué pasó con los prospectos que marketing"
        " entregó, y los miércoles discute por ellos.",
        "Commercial director or manager of a mid-sized Latin American company with a sales team of"
        " its own, of four to twenty people.\nAnswers for the number of the quarter. On Mondays it"
        " takes three spreadsheets to find out what became of the leads that marketing handed over,"
        " and on Wednesdays an argument about them.",
    ),
    "goals": [
        both(
            "Que ningún prospecto se pierda entre marketing y ventas",
            "No lead lost between marketing and sales",
        ),
        both(
            "Saber el día diez si el mes se va a cumplir",
            "Know on the tenth whether the month will be made",
        ),
        both(
            "Que su equipo llame primero a quien sí puede comprar",
            "A team that first calls those who can buy",
        ),
    ],
    "pains": [
        both(
            "Discute cada mes por la calidad de los prospectos, sin datos que ambos acepten",
            "Argues every month about the quality of leads, without numbers that both accept",
        ),
        both(
            "Los agentes contestan tarde y cada quien a su manera",
            "Reps answer late, and each in their own way",
        ),
        both(
            "El CRM que tiene sirve para reportar, no para vender",
            "The CRM in place is good for reports, not for selling",
        ),
    ],
    "behaviours": [
        both(
            "Lee casos de empresas de su país y de su tamaño, no estudios globales",
            "Reads cases of companies of their country and size, not global studies",
        ),
        both(
            "Asiste a webinars al mediodía y pide la grabación",
            "Attends webinars at noon and asks for the recording",
        ),
        both(
            "Pide referencias por LinkedIn antes de aceptar una segunda reunión",
            "Asks for references on LinkedIn before a second meeting",
        ),
    ],
    "process": [
        both(
            "Un trimestre malo abre la conversación con marketing",
            "A bad quarter opens the conversation with marketing",
        ),
        both(
            "Pide una demo con su propio proceso de venta",
            "Asks for a demo with their own way of selling",
        ),
        both(
            "Suma a marketing y a sistemas: ambos pueden frenarlo",
            "Brings in marketing and IT: both can stop it",
        ),
        both(
            "Pide un piloto de un mes con un solo equipo",
            "Asks for a pilot of a month with one team",
        ),
        both(
            "Dirección general firma el contrato anual",
            "The general manager signs the yearly contract",
        ),
    ],
    "objections": [
        both(
            "“Ya tenemos CRM.” Se responde con el acuerdo firmado por ambas partes, que ningún CRM"
            " trae",
            "“We have a CRM.” Answer with the agreement that both sides sign, which no CRM has",
        ),
        both(
            "“Mi equipo no va a capturar nada más.” Se responde con la cola: dos botones",
            "“My reps will not type anything more.” Answer with the queue: two buttons",
        ),
        both(
            "“¿Cuánto tarda?” Se responde con el piloto: una semana",
            "“How long does it take?” Answer with the pilot: one week",
        ),
    ],
    "quotes": [
        both(
            "No me faltan prospectos: me falta saber cuáles.",
            "I am not short of leads: I am short of knowing which.",
        ),
        both(
            "Marketing dice que los mandó. Ventas dice que no servían. Yo pago los dos sueldos.",
            "Marketing says they sent them. Sales says they were no good. I pay both salaries.",
        ),
    ],
}
# The wording of before, so that there is something to compare with.
LEADER_BEFORE: dict[str, Any] = {
    "who": both(
        "Gerente comercial de una empresa mediana de América Latina, con un equipo de ventas"
        " propio.\nResponde por el número del trimestre. Los lunes abre tres hojas de cálculo para"
        " saber qué pasó con los prospectos que marketing entregó.",
        "Commercial manager of a mid-sized Latin American company with a sales team of its"
        " own.\nAnswers for the number of the quarter. On Mondays it takes three spreadsheets to"
        " find out what became of the leads that marketing handed over.",
    ),
    "goals": [
        both(
            "Que ningún prospecto se pierda entre marketing y ventas",
            "No lead lost between marketing and sales",
        ),
        both(
            "Tener reportes más bonitos para la dirección",
            "Have prettier reports for the management",
        ),
    ],
    "pains": [
        both(
            "Discute cada mes por la calidad de los prospectos",
            "Argues every month about the quality of leads",
        ),
        both(
            "Los agentes contestan tarde y cada quien a su manera",
            "Reps answer late, and each in their own way",
        ),
    ],
    "process": LEADER["process"][1:],
    "objections": LEADER["objections"][:1],
    "quotes": LEADER["quotes"][:1],
}
OWNER: dict[str, Any] = {
    "who": both(
        "Fundadora o dueño de una empresa pequeña que vende sin equipo comercial propio: cotiza,"
        " cobra y atiende entre una cosa y otra.\nConoce a cada cliente por su nombre y sospecha"
        " que los que no conoce se le están yendo.",
        "Founder or owner of a small company that sells without a sales team of its own: quotes,"
        " collects and serves between one thing and the next.\nKnows every customer by name, and"
        " suspects that those not known by name are going elsewhere.",
    ),
    "goals": [
        both("Vender más sin contratar", "Sell more without hiring"),
        both(
            "Dejar de contestar mensajes a las once de la noche",
            "Stop answering messages at eleven at night",
        ),
    ],
    "pains": [
        both("Decide con el precio en la mano", "Decides with the price in hand"),
        both(
            "Cotiza y olvida dar seguimiento a la mitad",
            "Sends quotes and forgets to follow up half of them",
        ),
    ],
    "behaviours": [
        both("Compra por recomendación de otro dueño", "Buys on another owner's word"),
        both("Escribe por WhatsApp fuera de horario", "Writes by WhatsApp after hours"),
    ],
    "process": [
        both("Pregunta el precio en el primer mensaje", "Asks for the price in the first message"),
        both("Lo prueba a solas en la noche", "Tries it alone at night"),
        both("Decide en la semana y paga con tarjeta", "Decides within the week and pays by card"),
    ],
    "objections": [
        both(
            "“Yo me acuerdo de todo.” Se responde con las cotizaciones del mes pasado",
            "“I remember everything.” Answer with last month's quotes",
        ),
        both(
            "“Luego lo veo.” Se responde con una fecha y diez minutos",
            "“I will look at it later.” Answer with a date and ten minutes",
        ),
    ],
    "quotes": [
        both(
            "Si me lo explicas en diez minutos, lo pruebo hoy.",
            "If you explain it in ten minutes, I will try it today.",
        ),
    ],
}
OWNER_BEFORE: dict[str, Any] = {
    "who": both(
        "Fundadora o dueño de una empresa pequeña que vende sin equipo comercial propio.",
        "Founder or owner of a small company that sells without a sales team of its own.",
    ),
    "goals": OWNER["goals"][:1],
    "pains": [both("Decide con el precio en la mano", "Decides by the price")],
    "quotes": OWNER["quotes"],
}
