"""The documents of the example personas, in Spanish and English."""

from __future__ import annotations

from typing import Any

from crm.setup.starter.bilingual import both

SOFTWARE: dict[str, Any] = {
    "who": both(
        "Dirige una pyme de servicios, comercio o manufactura, o una de sus áreas. Su empresa ya no"
        " cabe en hojas de cálculo: tres personas llevan la misma lista y ninguna coincide.\nNo"
        " tiene un área de sistemas. Cuando algo falla, llama a quien instaló el internet o a un"
        " sobrino que sabe.",
        "Runs a small firm in services, trade or manufacturing, or one of its areas. The company"
        " has outgrown its spreadsheets: three people keep the same list and no two of them"
        " agree.\nThere is no IT department. When something breaks, they call whoever set up the"
        " internet, or a nephew who knows about computers.",
    ),
    "goals": [
        both(
            "Ver los números de la semana el lunes, sin pedirlos a nadie",
            "See last week's numbers on Monday without asking anybody",
        ),
        both(
            "Que el trabajo de siempre tome la mitad de los pasos",
            "Halve the steps of the work that repeats",
        ),
        both(
            "Crecer sin contratar a una persona más para la oficina",
            "Grow without hiring another person for the office",
        ),
    ],
    "pains": [
        both(
            "Ya pagó una herramienta que su equipo dejó de usar al mes",
            "Has paid for a tool that the team dropped within a month",
        ),
        both(
            "La información vive en el teléfono de quien se va de vacaciones",
            "What the firm knows lives in the phone of whoever is on holiday",
        ),
        both(
            "Se entera de los errores por el reclamo del cliente",
            "Hears of mistakes from the customer who complains",
        ),
    ],
    "behaviours": [
        both(
            "Pregunta primero a otros dueños y en su cámara de comercio",
            "Asks other owners and the chamber of commerce first",
        ),
        both(
            "Compara en la noche y desde el teléfono; los domingos lee con calma",
            "Compares at night and on the phone; reads at ease on Sundays",
        ),
        both(
            "Contesta antes un WhatsApp que un correo", "Answers a WhatsApp sooner than an e-mail"
        ),
    ],
    "process": [
        both(
            "Un error caro lo convence de que así no puede seguir",
            "An expensive mistake proves that it cannot go on like this",
        ),
        both(
            "Busca, pide precio a tres y descarta a quien no lo publica o no contesta en el día",
            "Searches, asks three for a price and drops whoever hides it or does not answer"
            " that day",
        ),
        both(
            "Pide una demostración con sus propios datos",
            "Asks for a demonstration with their own data",
        ),
        both(
            "Invita a la persona que más lo va a usar: si ella dice no, no hay compra",
            "Brings the person who will use it most: if she says no, nobody buys",
        ),
        both(
            "Paga el primer mes con tarjeta y decide el año después",
            "Pays the first month by card and decides on the year later",
        ),
    ],
    "objections": [
        both(
            "“Mi equipo no lo va a usar.” Se responde con la prueba de dos semanas y una persona"
            " que acompaña",
            "“My team will not use it.” Answer with the two-week trial and somebody who goes along",
        ),
        both(
            "“Es caro para lo que hace.” Se responde con las horas que hoy cuesta hacerlo a mano",
            "“It is dear for what it does.” Answer with the hours that doing it by hand costs"
            " today",
        ),
        both(
            "“¿Y si mañana ustedes cierran?” Se responde con la exportación completa, que puede"
            " probar hoy",
            "“And if you close down tomorrow?” Answer with the complete export, to be tried today",
        ),
    ],
    "quotes": [
        both(
            "Quiero abrir una sola pantalla y saber cómo vamos.",
            "I want to open one screen and know how we are doing.",
        ),
        both(
            "Ya me vendieron un sistema. Todavía lo pago y nadie entra.",
            "I was sold a system once. I still pay for it and nobody logs in.",
        ),
    ],
}
INDUSTRY: dict[str, Any] = {
    "who": both(
        "Compra insumos, refacciones o equipo para una planta, un taller o un distribuidor, y"
        " repite pedidos cada mes. Responde por el costo, pero lo despiertan por el paro de"
        " línea.\nTrabaja entre el almacén y el correo. Conoce el precio de memoria y el nombre de"
        " quien sí contesta en cada proveedor.",
        "Buys supplies, spare parts or equipment for a plant, a workshop or a distributor, and"
        " orders again every month. Answers for the cost, but is woken up for the stopped"
        " line.\nWorks between the warehouse and the inbox. Knows prices by heart, and who it is at"
        " each supplier that picks up the phone.",
    ),
    "goals": [
        both(
            "Que el pedido llegue completo y el día prometido",
            "Orders that arrive complete and on the day promised",
        ),
        both(
            "Un precio que se sostenga todo el trimestre",
            "A price that holds for the whole quarter",
        ),
        both(
            "Tener una segunda fuente para cada pieza crítica",
            "A second source for every critical part",
        ),
    ],
    "pains": [
        both(
            "Una línea parada cuesta en una hora más que la pieza",
            "A stopped line costs more in an hour than the part does",
        ),
        both(
            "Cotizaciones que tardan una semana y llegan sin existencias",
            "Quotes that take a week and come without stock behind them",
        ),
        both(
            "Cada proveedor factura distinto y contabilidad devuelve la mitad",
            "Every supplier invoices in another way and accounting sends half of it back",
        ),
    ],
    "behaviours": [
        both(
            "Escribe con el número de parte y espera existencia, precio y fecha en una línea",
            "Writes with the part number and expects stock, price and date in one line",
        ),
        both(
            "Va a la feria del sector una vez al año y guarda las tarjetas",
            "Goes to the trade fair once a year and keeps the cards",
        ),
        both(
            "Prueba con un pedido chico antes de dar uno grande",
            "Tries a small order before giving a large one",
        ),
    ],
    "process": [
        both(
            "Producción o mantenimiento pide; compras revisa si hay contrato",
            "Production or maintenance asks; purchasing looks whether there is a contract",
        ),
        both(
            "Pide tres cotizaciones con la misma ficha técnica",
            "Asks for three quotes on the same data sheet",
        ),
        both(
            "Ingeniería o calidad aprueba la muestra", "Engineering or quality approves the sample"
        ),
        both(
            "Da de alta al proveedor: documentos fiscales, cuenta y condiciones de pago",
            "Registers the supplier: tax papers, account and terms of payment",
        ),
        both(
            "La dirección autoriza la orden de compra si pasa del monto",
            "Management approves the purchase order above a limit",
        ),
    ],
    "objections": [
        both(
            "“Ya tengo proveedor.” Se responde con ser la segunda fuente en una sola pieza",
            "“I have a supplier.” Answer by being the second source for one single part",
        ),
        both(
            "“Necesito 60 días.” Se responde con la condición por volumen, por escrito",
            "“I need 60 days.” Answer with the terms by volume, in writing",
        ),
        both(
            "“No conozco su marca.” Se responde con la ficha, la muestra y un cliente de su sector"
            " al teléfono",
            "“I do not know your brand.” Answer with the data sheet, a sample and a customer of the"
            " trade on the phone",
        ),
    ],
    "quotes": [
        both(
            "No me diga que sale mañana: dígame cuándo llega.",
            "Do not tell me that it ships tomorrow: tell me when it arrives.",
        ),
        both(
            "El más barato me salió carísimo la última vez.",
            "The cheapest one cost me dearly last time.",
        ),
    ],
}
SERVICES: dict[str, Any] = {
    "who": both(
        "Busca un servicio profesional o un programa de formación, para sí o para su equipo, y"
        " tiene una fecha en mente: un cambio de puesto, una auditoría, el inicio del ciclo.\nNo"
        " sabe medir la calidad antes de comprar, así que la adivina por cómo lo atienden en la"
        " primera llamada.",
        "Looks for a professional service or a course, for themselves or for a team, with a date in"
        " mind: a new position, an audit, the start of term.\nThey cannot tell quality before they"
        " buy, so they guess it from how they are treated on the first call.",
    ),
    "goals": [
        both("Un resultado que se note en pocos meses", "A result that shows within months"),
        both(
            "Un certificado o un informe que su jefe o su cliente reconozca",
            "A certificate or a report that their boss or their client accepts",
        ),
    ],
    "pains": [
        both(
            "Todas las propuestas dicen lo mismo y ninguna da el precio",
            "All the offers say the same and none says the price",
        ),
        both(
            "Ya empezó algo parecido y lo dejó por falta de tiempo",
            "Has begun something like it and gave up for lack of time",
        ),
        both(
            "Teme que quien vende no sea quien atiende",
            "Fears that whoever sells is not who does the work",
        ),
    ],
    "behaviours": [
        both(
            "Lee reseñas y escribe a exalumnos o a clientes anteriores",
            "Reads reviews and writes to graduates or earlier clients",
        ),
        both(
            "Pregunta por horarios y formas de pago antes que por el contenido",
            "Asks about times and ways of paying before the contents",
        ),
        both("Decide cerca de la fecha límite", "Decides close to the deadline"),
    ],
    "process": [
        both(
            "Define qué necesita con una conversación, no con un formulario",
            "Finds out what is needed in a conversation, not in a form",
        ),
        both(
            "Compara dos o tres opciones en precio, fechas y quién lo imparte",
            "Compares two or three options by price, dates and who gives it",
        ),
        both(
            "Consulta con quien paga: su jefe, su pareja o su socio",
            "Talks to whoever pays: a boss, a spouse, a partner",
        ),
        both("Aparta su lugar o firma la propuesta", "Reserves a place or signs the offer"),
    ],
    "objections": [
        both(
            "“No tengo tiempo.” Se responde con las horas por semana y lo que pasa si falta a una",
            "“I have no time.” Answer with the hours a week, and what happens if one is missed",
        ),
        both(
            "“Lo encuentro gratis en internet.” Se responde con quién revisa su trabajo y cuántos"
            " terminan",
            "“I find it on the internet for nothing.” Answer with who looks over their work, and"
            " how many finish",
        ),
    ],
    "quotes": [
        both("Si empiezo, quiero terminarlo.", "If I begin, I want to finish it."),
        both(
            "Dígame con quién voy a hablar después de pagar.",
            "Tell me whom I will be talking to once I have paid.",
        ),
    ],
}
