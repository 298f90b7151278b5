"""How people and other tools name a column."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from crm.lib.text import fold
from leads.imports.columns.targets import ACTION, DOMAIN
from leads.imports.readings import EMAIL, EXTERNAL_ID, FIRST_NAME, LAST_NAME, NAME, PHONE

# How people name a column, folded: in Spanish, then in English.
HEADERS: dict[str, str] = {
    NAME: (
        "nombre|nombre completo|nombre y apellido|nombre y apellidos|contacto|nombre del"
        " contacto|prospecto|name|full name|contact|contact name|lead|lead name"
    ),
    FIRST_NAME: "nombres|primer nombre|nombre de pila|first name|given name|firstname",
    LAST_NAME: "apellido|apellidos|apellido paterno|last name|surname|family name|lastname",
    EMAIL: (
        "correo|correo electronico|correo e|email|mail|e mail|direccion de correo|email"
        " address|work email"
    ),
    PHONE: (
        "telefono|tel|celular|movil|whatsapp|telefono movil|numero de telefono|phone|phone"
        " number|mobile|mobile phone|cell|cell phone|telephone"
    ),
    "person.job_title": "cargo|puesto|posicion|titulo|rol|job title|title|position|role|job",
    "person.country": "pais|country|pais region|country region",
    "company.name": (
        "empresa|compania|organizacion|razon social|nombre de la empresa|cuenta|negocio"
        "|company|company name|organization|organisation|account|account name|business"
    ),
    DOMAIN: "sitio web|web|pagina web|dominio|website|domain|url|company domain|website url",
    "company.industry": "industria|sector|giro|rubro|ramo|industry",
    "company.employees": (
        "empleados|numero de empleados|no de empleados|num empleados|tamano|colaboradores"
        "|employees|number of employees|headcount|company size|size"
    ),
    "source": (
        "fuente|origen|canal|fuente original|procedencia|source|lead source|original source|channel"
    ),
    "campaign": "campana|utm campaign|campaign|campaign name",
    ACTION: (
        "accion de valor|primera accion de valor|accion|valuable action|first valuable"
        " action|action"
    ),
    EXTERNAL_ID: (
        "id externo|id de contacto|id del contacto|id del prospecto|id de registro"
        "|external id|record id|contact id|lead id"
    ),
}
FIELD_OF_HEADER = {
    header: field for field, headers in HEADERS.items() for header in headers.split("|")
}


def key_of(header: Sequence[str]) -> str:
    """Return the key by which a file with the same columns is recognised."""
    names = json.dumps([fold(name) for name in header])
    return hashlib.sha256(names.encode()).hexdigest()
