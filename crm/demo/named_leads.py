"""The leads that the tour and the tests know by name, in the past and on today's desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.accounts.models import User
from crm.accounts.sign_in import demo
from crm.demo import names
from crm.demo.people import Cast
from leads.models import Lead, Source, ValuableActionKind
from leads.records import leads

# name|job title|company|employees, empty where not known|country|source|valuable action
TABLE = """
Mariana Peña|Directora de Ventas|Grupo Andino S.A.|180|CO|paid_search|asked_for_demo
Joaquín Ibáñez|Gerente Comercial|Tecnología Austral SpA|64|CL|event|attended_webinar
Lucía Fernández|Gerente de Marketing|Distribuidora Río Bravo|320|MX|organic_search|sent_form
Carlos Medina|Director Comercial|Café del Valle S.A.S.|45|CO|referral|asked_for_demo
Ana Sofía Rojas|Directora General|Clínica San Rafael|210|PE|organic_search|asked_for_information
Bruno Cardoso|Gerente de Ventas|Logística Paulista Ltda|500|BR|event|left_contact_data
Valentina Quispe|Head of Growth|Mercado Ya|38|BO|social|asked_for_demo
Diego Luna|CEO|Estudio Luna|24|MX|direct|sent_form
Camila Torres|Gerente Comercial|Textiles del Sur S.A. de C.V.|150|MX|email|asked_for_information
Renata Villalobos|Directora de Marketing|Universidad del Lago|900|MX|organic_search|sent_form
Héctor Zamora|Director de Ventas|Ferretería Central|75|GT|paid_search|asked_for_demo
Paula Ríos|Gerente General|Viajes Altiplano|30|BO|social|left_contact_data
Sebastián Prieto|Sales Manager|Bodegas Cuyo||AR|event|attended_webinar
Daniela Mora|Gerente de Ventas|Farmacias Vida|410|CR|paid_search|asked_for_demo
Ignacio Bravo|Director Comercial|Constructora Maipo SpA|260|CL|referral|asked_for_demo
Gabriela Núñez|Gerente Comercial|Seguros Pampa|130|AR|organic_search|asked_for_information
Óscar Treviño|CEO|Norte Digital|22|MX|direct|sent_form
Fernanda Lima|Directora de Ventas|Moda Ipanema Ltda|95|BR|social|asked_for_demo
Julián Cárdenas|Gerente de Marketing|Caja Popular Sierra|340|MX|email|sent_form
Teresa Aguirre|Directora General|Lácteos Quiteños|120|EC|referral|asked_for_information
Marco Beltrán|Director Comercial|Empaques Bajío|70|MX|paid_search|asked_for_demo
Ximena Castro|Gerente de Ventas|Hotel Mirador|55|PE|organic_search|left_contact_data
Rodrigo Salvatierra|Director Comercial|Transportes Ocotal|240|GT|event|asked_for_demo
Elena Ferreyra|Directora de Ventas|Viñedos Tulum|85|AR|organic_search|asked_for_demo
Martín Iriarte|Gerente Comercial|Puertos del Plata|310|UY|referral|asked_for_information
Noemí Sandoval|Gerente de Ventas|Cerámica Jalisco|66|MX|paid_search|sent_form
Olivia Barragán|Directora Comercial|Muebles Tapatíos|140|MX|paid_search|asked_for_demo
Tomás Echeverri|Gerente Comercial|Café Quindío S.A.S.|85|CO|social|asked_for_demo
Pilar Montalvo|Gerente de Ventas|Hoteles del Istmo|230|CR|event|asked_for_demo
Leandro Bustos|Director Comercial|Agro Pampa S.R.L.|75|AR|organic_search|asked_for_information
Adriana Solórzano|Gerente Comercial|Papelería Sigma|48|MX|direct|asked_for_demo
Mauricio Peralta|Director de Ventas|Clínicas Andes SpA|190|CL|referral|asked_for_demo
Beatriz Arana|Gerente de Ventas|Seguros Limeños S.A.C.|110|PE|email|attended_webinar
Ramón Cifuentes|Gerente General|Ferrería Antigua|60|GT|event|sent_form
Susana Ordaz|Directora de Marketing|Colegio Altamira|95|MX|social|sent_form
Germán Villar|Director de Ventas|Bodegas Maule SpA|70|CL|organic_search|asked_for_demo
Irene Palma|Gerente Comercial|Turismo Sur|40|AR|social|attended_webinar
Fabiola Rentería|Directora Comercial|Dulces Regios|150|MX|referral|asked_for_demo
Daniela Mora Jiménez|Gerente de Ventas|Farmacias Vida|410|CR|event|asked_for_information
Elías Cordero|Director Comercial|Textiles Nazca S.A.C.|130|PE|paid_search|left_contact_data
Rosario Benavides|Gerente de Ventas|Óptica Central|55|EC|social|sent_form
Nicolás Ferrán|Director Comercial|Pinturas Litoral|88|UY|organic_search|asked_for_demo
Verónica Salcido|Gerente Comercial|Maderas Durango|64|MX|paid_search|asked_for_demo
"""
LEADS = [tuple(cell.strip() for cell in row.split("|")) for row in TABLE.strip().splitlines()]
# Criterion: what sales writes as its evidence.
PROOFS = {"budget": "80,000 MXN", "decides": "Firma el contrato"}


def capture(
    cast: Cast, number: int, *, at: datetime, by: User | None = None, **attributes: Any
) -> Lead:
    """Log the lead in row ``number`` of the table, as Ana does unless ``by`` says who."""
    return leads.capture(
        _facts(number, attributes),
        by=by or cast.ana,
        at=at,
        team=cast.marketing,
        source=Source.objects.get(code=LEADS[number][5]),
        first_action=ValuableActionKind.objects.get(code=LEADS[number][6]),
    )


def _facts(number: int, attributes: dict[str, Any]) -> dict[str, Any]:
    name, title, company, employees, country, _source, _action = LEADS[number]
    size = {"employees": int(employees)} if employees else {}
    # Addresses are ASCII; the number keeps two people of one first name apart.
    mailbox = name.lower().split()[0].translate(str.maketrans("áéíóúñ", "aeioun"))
    return {
        "person": {
            "name": name,
            "email": f"{mailbox}{number}@{demo.DOMAIN}",
            "phone": names.phone(country, 1000 + number),
            "job_title": title,
            "country": country,
        },
        "company": {"name": company, "country": country, **size},
        "attributes": attributes,
    }
