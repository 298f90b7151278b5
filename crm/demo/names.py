"""Names to draw from: people, companies, countries, and what people say."""

from __future__ import annotations

from random import Random
from typing import Any

from crm.accounts.sign_in import demo
from crm.lib.text import fold


def _words(text: str, mark: str | None = None) -> list[str]:
    return [word.strip() for word in text.strip().replace("\n", mark or " ").split(mark)]


FIRST = _words("""
Adriana Alejandro Alma Andrés Antonia Arturo Beatriz Bernardo Carla César Claudia Cristóbal Daniel
Débora Eduardo Elisa Emilio Esteban Eva Fabián Federico Florencia Gonzalo Graciela Guadalupe
Guillermo Hernán Inés Íñigo Isabel Iván Jacinta Javier Jimena Jorge Josefina Karina Laura Leandro
Leonor Lorenzo Luz Magdalena Manuel Marcela Matías Mercedes Miguel Mónica Natalia Nicolás Norma
Octavio Olga Pablo Patricia Pedro Pilar Rafael Raquel Ramiro Regina René Rocío Rubén Sara Silvia
Simón Sofía Tomás Úrsula Vanesa Vicente Violeta Wilfredo Yolanda
""")
LAST = _words("""
Acosta Alarcón Almeida Araya Arce Báez Barrios Bautista Benítez Cabrera Calderón Campos Cañedo
Carrizo Cervantes Contreras Coronel Correa Dávila Delgado Domínguez Echeverría Escobar Espinoza
Fajardo Figueroa Galindo Garza Godoy Guerrero Herrera Huamán Jaramillo Jiménez Ledesma Linares
Lozano Maldonado Mamani Márquez Mendoza Montoya Murillo Navarro Ochoa Ordóñez Orozco Ortega Páez
Palacios Paredes Pineda Quiroga Ramírez Rentería Riquelme Rivas Robledo Saavedra Salas Sepúlveda
Solís Tapia Tejada Toledo Urrutia Valdés Varela Velázquez Vera Vidal Yáñez Zúñiga
""")
ENGLISH_FIRST = _words("""
Alicia Brandon Carmen Derek Grace Hannah Jason Kevin Marcia Nadine Oscar Rachel Sandra Winston
""")
ENGLISH_LAST = _words("""
Baptiste Campbell Clarke Dawson Figueroa Grant Hughes Lewis Martinez Morgan Reid Torres Walker
""")
WHAT = _words("""
Agrícola Alimentos Almacenes Bebidas Calzados Cementos Clínica Colegio Comercial Distribuidora
Editorial Envases Farmacéutica Ferretería Hoteles Importadora Industrias Inmobiliaria Laboratorios
Logística Maderas Muebles Panificadora Papelera Plásticos Seguros Supermercados Textiles
Transportes Turismo
""")
WHERE = _words(
    """
Andes|Antigua|Aconcagua|Atitlán|Bolívar|Caribe|Chapala|Costa Azul|del Istmo|del Pacífico|El Roble
Guaraní|Huasteca|Iguazú|La Pampa|Las Palmas|Los Ceibos|Maya|Mérida|Monteverde|Nevado|Orinoco
Paraná|Puebla|Quetzal|San Ángel|Sierra Madre|Tequendama|Titicaca|Valle Alto|Xalapa
""",
    "|",
)
ENGLISH_COMPANIES = [
    "Blue Reef Foods",
    "Harbour Logistics",
    "Palm Coast Supplies",
    "Trade Winds Hotels",
    "Miami Parts",
]
LEGAL = {
    "MX": "S.A. de C.V.",
    "CO": "S.A.S.",
    "CL": "SpA",
    "AR": "S.R.L.",
    "PE": "S.A.C.",
    "EC": "Cía. Ltda.",
}
# Country: how many of a hundred.
COUNTRIES = {
    "MX": 38,
    "CO": 15,
    "AR": 11,
    "CL": 9,
    "PE": 8,
    "EC": 5,
    "GT": 4,
    "CR": 3,
    "US": 4,
    "JM": 3,
}
# A mobile number of the country without its last four digits. Most plans keep no numbers free for
# examples: the zeros show that they are made up.
PHONES = {
    "AR": "+54 9 11 5000",
    "BO": "+591 7000",
    "BR": "+55 11 9 9000",
    "CL": "+56 9 9000",
    "CO": "+57 300 000",
    "CR": "+506 8888",
    "EC": "+593 99 000",
    "GT": "+502 5000",
    "MX": "+52 55 5000",
    "PE": "+51 900 00",
    "UY": "+598 94 00",
}
# Area codes of North America, where 555-0100 to 555-0199 are kept free for examples.
AREAS = {"US": ("305", "786", "954", "561"), "JM": ("876", "658")}
ENGLISH = ("US", "JM")
LEADERS = ["Directora de Ventas", "Director Comercial", "Gerente Comercial", "Gerente de Ventas"]
OWNERS = ["Fundadora", "Fundador", "CEO", "Gerente General", "Directora General"]
STRANGERS = [
    "Practicante",
    "Analista de compras",
    "Estudiante",
    "Asistente administrativa",
    "Contador",
]
IN_ENGLISH = {
    "leader": ["Sales Manager", "Head of Sales", "Commercial Manager"],
    "owner": ["Founder", "CEO", "General Manager"],
    "stranger": ["Intern", "Buyer", "Student"],
}
IN_SPANISH = {"leader": LEADERS, "owner": OWNERS, "stranger": STRANGERS}
SIZES = {"leader": (20, 600), "owner": (5, 60), "stranger": (1, 15)}

# Why sales says no, in Spanish and English.
COMMENTS = {
    "bad_contact_data": ("El teléfono no existe.", "The phone number does not exist."),
    "missing_data": (
        "Falta el cargo: no sé a quién llamar.",
        "The job title is missing: whom do I ask for?",
    ),
    "no_interest": (
        "Solo descargó la guía, no recuerda habernos escrito.",
        "Only downloaded the guide.",
    ),
    "not_the_persona": (
        "Busca un proveedor de otra cosa.",
        "Looks for something that we do not sell.",
    ),
    "already_customer": ("Ya es cliente desde 2024.", "A customer since 2024."),
    "no_budget": ("Sin presupuesto hasta el próximo año.", "No budget before next year."),
    "no_authority": (
        "Decide su jefa y no la quiere presentar.",
        "Her boss decides and is not to be disturbed.",
    ),
    "no_need": ("Acaba de comprar otra cosa.", "Has just bought something else."),
    "price": ("Pidió 30 % de descuento.", "Asked for 30 % off."),
    "chose_competitor": ("Firmó con la competencia.", "Signed with a competitor."),
    "no_decision": ("Dejó de contestar.", "Stopped answering."),
}
DECIDES = ("Firma el contrato", "Signs the contract")
CALL = ("Llamada", "Call")
# Why marketing hands off a company that is too small.
REASONS = [
    ("Abre otra sucursal este mes y contrata.", "Opens another branch this month and hires."),
    ("Es parte de un grupo mucho más grande.", "Belongs to a much larger group."),
    ("Pidió precio para todo su equipo de ventas.", "Asked for a price for the whole sales team."),
]


def someone(draw: Random, number: int, kind: str) -> dict[str, Any]:
    """Return who the lead is, as leads.capture takes it.

    ``kind``: leader or owner (the two personas), or stranger (fits none).
    """
    country = draw.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]
    english = country in ENGLISH
    first, last = (ENGLISH_FIRST, ENGLISH_LAST) if english else (FIRST, LAST)
    name = f"{draw.choice(first)} {draw.choice(last)}"
    mailbox = fold(name).replace(" ", ".")
    smallest, largest = SIZES[kind]
    return {
        "person": {
            "name": name if english else f"{name} {draw.choice(LAST)}",
            "email": f"{mailbox}.{number}@{demo.DOMAIN}",
            "phone": phone(country, draw.randint(1000, 9999)),
            "job_title": draw.choice((IN_ENGLISH if english else IN_SPANISH)[kind]),
            "country": country,
            "language": "en" if english else "es",
        },
        "company": {
            "name": draw.choice(ENGLISH_COMPANIES) if english else _company(draw, country),
            "employees": round(smallest * (largest / smallest) ** draw.random()),
            "country": country,
        },
    }


def phone(country: str, number: int) -> str:
    """Return a made-up phone of ``country``; ``number`` has at most four digits."""
    areas = AREAS.get(country)
    if areas is None:
        return f"{PHONES[country]} {number:04}"
    area = areas[number // 100 % len(areas)]
    return f"+1 {area} 555 01{number % 100:02}"


def _company(draw: Random, country: str) -> str:
    legal = LEGAL.get(country, "S.A.") if draw.random() < 0.6 else ""
    return f"{draw.choice(WHAT)} {draw.choice(WHERE)} {legal}".strip()
