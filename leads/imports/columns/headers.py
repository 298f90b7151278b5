"""How people and other tools name a column, in English, Spanish and Portuguese.

The names are those of the exports of HubSpot, Salesforce, Zoho, Odoo, EspoCRM, Pipedrive, Google
Contacts, Outlook, LinkedIn, Meta, Mailchimp, RD Station and Apollo, and of lists that people keep.
They are compared without accents, capitals, spaces and signs: "E-mail 1 - Value", "email1value".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import override

from crm.lib.bilingual import LANGUAGES
from crm.lib.text import fold, squeezed
from leads.imports.columns.targets import (
    ACTION,
    CAMPAIGN,
    COMPANY,
    COMPANY_COUNTRY,
    COUNTRY,
    DOMAIN,
    EMPLOYEES,
    FIRST_SEEN,
    INDUSTRY,
    JOB_TITLE,
    LANDING_PAGE,
    MEDIUM,
    NOTE,
    SOURCE,
    STAGE,
)
from leads.imports.readings import EMAIL, EXTERNAL_ID, FIRST_NAME, LAST_NAME, NAME, PHONE

# The names of each field. Behind "||" are less sure names: of two columns that fit equally, the one
# with the surer name is taken.
NAMES: dict[str, str] = {
    NAME: (
        "full name|nombre completo|nombre y apellido|nombre y apellidos|nome completo||contact name"
        "|nombre del contacto|nombre de contacto|nome do contato|contact full name||name|nombre"
        "|nome|lead name|nombre del prospecto|nombre del lead|nome do lead|prospect name"
        "|nombre de posible cliente|nombre del candidato"
        "||contact"
        "|contacto|contato|contact person|persona de contacto|pessoa de contato|prospecto|lead"
        "|person|persona|pessoa|your name|tu nombre|display name||customer name|cliente|customer"
        "|nombre del cliente|nome do cliente|attendee|attendee name|asistente|participante"
        "|invitee name"
    ),
    FIRST_NAME: (
        "first name|nombres|primer nombre|nombre de pila|given name|fname|primeiro nome"
        "|forename|contact first name|nombre del asistente"
    ),
    LAST_NAME: (
        "last name|apellido|apellidos|apellido paterno|primer apellido|sobrenome|ultimo nome"
        "|surname|family name|lname|contact last name"
    ),
    EMAIL: (
        "email|correo|correo electronico|e mail|email address|direccion de correo|direccion de"
        " correo electronico|endereco de email|mail|correo e||work email|business email|correo de"
        " trabajo|correo corporativo|email corporativo|email profissional|primary email|email"
        " principal|correo principal|email 1 value|correo electronico 1 valor|email 1 valor"
        "|email work|email from|contact email|email do"
        " contato|email do lead|lead email|email id|partner email|correo electronico trabajo"
        "|email trabalho||email home|correo electronico casa|personal email"
        "|correo personal|email personal|email pessoal|email other|person email"
    ),
    PHONE: (
        "phone|telefono|phone number|telefono del trabajo|telefono trabajo|telefone trabalho"
        "|numero de telefono|telefone|numero de telefone|tel|telephone|primary phone"
        "|telefono principal|phone 1 value|telefono 1 valor|telefone 1 valor|work phone"
        "|business phone|telefono de trabajo|telefone"
        " comercial|work direct phone|direct phone|phone work|contact phone|telefono de contacto"
        "||mobile phone|mobile|movil|celular|telefono movil|telefono celular|telefone celular"
        "|mobile number|mobile phone number|numero de celular|numero de movil|cell phone|cell"
        "|phone mobile|whatsapp|whatsapp number|numero de whatsapp|whatsapp phone number|fone"
        "||corporate phone|company phone|telefono de la empresa|home phone|telefono particular"
        "|phone home|other phone|phone other|person phone"
        "|office phone|telefono oficina|telefono de oficina|telefono de la oficina|work number"
        "|telefone do escritorio"
    ),
    JOB_TITLE: (
        "job title|cargo|puesto|puesto de trabajo|job position|position|posicion|organization"
        " title|organization 1 title|cargo do contato|job role||role|rol|job|function|funcion"
        "|funcao|designation|ocupacion|occupation|profesion|profissao||title|titulo"
    ),
    COUNTRY: (
        "country|pais|country region|pais region|pais regiao|pais o region"
        "|pais o region del trabajo"
        "|country region name|country name|country code|codigo de pais|mailing"
        " country|country id|country id name|business country region|business country|pais de"
        " residencia|address 1 country|direccion 1 pais|endereco 1 pais|address country"
        "|primary address country|home country"
        " region|home country||ip country|cc"
    ),
    COMPANY_COUNTRY: (
        "company country|pais de la empresa|pais empresa|pais da empresa|organization country"
        "|account country|billing country|company country region"
    ),
    COMPANY: (
        "company|company name|empresa|compania|nombre de la empresa|nombre empresa|nome da empresa"
        "||organization|organisation|organizacion|organizacao|organization name|organization 1 name"
        "|nombre de la organizacion|nombre de organizacion|nome da organizacao|related company"
        "|empresa relacionada|compania relacionada"
        "|company account|compania cuenta|empresa conta|associated company|primary associated "
        "company|empresa asociada|empresa"
        " asociada principal|empresa associada|razon social|razao social||account|account name"
        "|cuenta|nombre de la cuenta|conta|nome da conta||partner name|nombre de la compania|lead"
        " company|business name|business|negocio|nombre comercial|nome fantasia|employer|firma"
        "||company name for emails"
    ),
    DOMAIN: (
        "website|sitio web|company website|website url|web|pagina web|site|web site|web page"
        "|company domain name|company domain|nombre de dominio de la empresa|dominio de la empresa"
        "|dominio|domain|website 1 value|sitio web 1 valor|site 1 valor|url del sitio web"
        "|url de la empresa|company url|site da"
        " empresa|pagina de internet|pagina da web|homepage|web address||url"
    ),
    INDUSTRY: (
        "industry|industria|sector|setor|giro|rubro|ramo|company industry|sector industrial"
        "|industria de la empresa|ramo de atividade|vertical|actividad"
    ),
    EMPLOYEES: (
        "employees|empleados|number of employees|numero de empleados|cantidad de empleados|no de"
        " empleados|num empleados|no of employees|numero de funcionarios|quantidade de"
        " funcionarios|funcionarios|headcount|company headcount|employee count|company size"
        "|tamano de la empresa|tamano de empresa|tamanho da empresa|tamano|size|colaboradores"
        "|numero de colaboradores|company employees|employee range"
    ),
    SOURCE: (
        "lead source|fuente de posible cliente|origen del candidato||source|fuente|origen"
        "|fuente del lead|fuente del prospecto|origen del"
        " prospecto|origen del lead|original source|fuente original|original traffic source"
        "|fuente de trafico original|fuente original de trafico|origen de la primera conversion"
        "|origem|origem do lead|fonte|fonte do lead|contact source"
        "||procedencia|canal|channel|source id|utm source|origem da primeira conversao|source"
        " origin|deal source|traffic source"
    ),
    MEDIUM: "medium|utm medium|medio|meio|midia|medium id|original medium",
    CAMPAIGN: (
        "campaign|campana|campaign name|nombre de la campana|campanha|nome da campanha|utm"
        " campaign||campaign id|primary campaign|primary campaign source"
    ),
    LANDING_PAGE: (
        "landing page|pagina de destino|landing page url|first page seen|primera pagina vista"
        "|pagina de entrada|landing url|conversion url|url de conversion"
    ),
    FIRST_SEEN: (
        "first seen|primera vez|create date|created date|date created|created time|created at"
        "|created on|created|creation date|creation time|fecha de creacion|fecha creacion|hora de"
        " creacion|creado el|creado en|fecha de alta|fecha de registro|data de criacao|criado em"
        "|data de cadastro|data de criacao do contato||date added|added on|added at|added time"
        "|registration date|signup date|sign up date|optin time|confirm time||connected on"
        "|conectado el|conectado em"
        "|submitted at|submission date|submitted on|timestamp|marca temporal|carimbo de data hora"
        "|fecha de ingreso|data da primeira conversao|first conversion date|fecha de la primera"
        " conversion|lead created|lead created on|person created|became a lead date"
        "|persona creada|contacto creado|pessoa criada|deal created|trato creado|hora de registro"
        "|registration time|member first associated date|order date"
    ),
    STAGE: (
        "lifecycle stage|etapa del ciclo de vida|etapa de ciclo de vida|fase del ciclo de vida"
        "|fase do ciclo de vida|etapa do ciclo de vida"
        "||stage|etapa|lead stage|etapa del prospecto|estagio no funil|estagio|estagio do lead"
        "|etapa do funil|etapa en el embudo|etapa del embudo|estagio do ciclo de vida|stage id"
        "|fase||lead status|estado de posible "
        "cliente|estado de candidato|estado del candidato|status del lead|estado"
        " del lead|estado del prospecto|status do lead||status|estado|estatus"
    ),
    "stage.mql": (
        "became a marketing qualified lead date|mql date|fecha mql|fecha de mql|data mql|mql on"
        "|marketing qualified date"
    ),
    "stage.sql": (
        "became a sales qualified lead date|sql date|fecha sql|fecha de sql|data sql|sql on|sales"
        " qualified date"
    ),
    "stage.opportunity": (
        "became an opportunity date|opportunity date|fecha de oportunidad|data da oportunidade"
    ),
    ACTION: (
        "valuable action|accion de valor|first valuable action|primera accion de valor|acao de"
        " valor|accion|action|acao"
    ),
    EXTERNAL_ID: (
        "external id|id externo|record id|id de candidato|id del candidato|id de posible cliente"
        "|lead id|contact id|person id|prospect id|id de registro"
        "|id del registro|id do registro|id de contacto|id del contacto|id do contato|id del"
        " prospecto|id do lead|id del lead||record id contact|apollo contact id|entity id|leid"
        "|unique id||id"
    ),
    NOTE: (
        "notes|notas|note|nota|comments|comentarios|comment|comentario|observaciones|observacoes"
        "|internal notes|notas internas||message|mensaje|mensagem|remarks|detalles||description"
        "|descripcion|descricao"
    ),
}
# Of these tools the part before the sign says whose field it is: "Person - Email - Work".
PREFIX = re.compile(
    r"(?P<of>person|persona|pessoa|contact|contacto|contato|lead|prospecto|prospect|organization"
    r"|organisation|organizacion|organización|organizacao|organização|company|empresa|account"
    r"|cuenta|deal|trato|negocio|opportunity|oportunidad)s?\s*[-:/.>]+\s*(?P<field>.+)",
    re.IGNORECASE,
)
PEOPLE = frozenset(
    ["person", "persona", "pessoa", "contact", "contacto", "contato", "prospecto", "prospect"]
)
COMPANIES = frozenset(
    [
        "organization",
        "organisation",
        "organizacion",
        "organizacao",
        "company",
        "empresa",
        "account",
        "cuenta",
    ]
)
# The fields of a company behind such a part.
OF_COMPANY = {
    NAME: COMPANY,
    COMPANY: COMPANY,
    COUNTRY: COMPANY_COUNTRY,
    DOMAIN: DOMAIN,
    INDUSTRY: INDUSTRY,
    EMPLOYEES: EMPLOYEES,
}
# The title and the name of a lead or deal of a pipeline are those of the business.
OF_LEAD = frozenset(NAMES) - {JOB_TITLE}
# Of a deal only these are the lead's; its name, stage and id are its own.
OF_DEAL = frozenset([COMPANY, SOURCE, FIRST_SEEN])
CONTACTS_OF_DEAL = frozenset(["contactperson", "personadecontacto", "pessoadecontato"])
IN_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
LAST_NUMBER = re.compile(r"\s*#?1$")
# Columns with one of these words are not about the lead: their cells may look like an e-mail or a
# phone of the lead, and are not.
OF_OTHERS = re.compile(
    r"\b(owner|propietari[oa]|proprietari[oa]|responsables?|responsavel|duen[oa]|vendedora?"
    r"|vendedores|salesperson|sales rep|representative|assigned|asignad[oa]|atribuid[oa]|assignee"
    r"|created by|creado por|criado por|creador|creator|modified|modificad[oa]|modificacion"
    r"|updated|actualizad[oa]|fax|assistant|asistente|manager|gerente|jefe|spouse|referred by"
    r"|referido|user|usuario|opt out|opt in|bounced?|unsubscribed?|ip|cc|bcc|linkedin|facebook"
    r"|twitter|instagram|id|ids|parent|billing|shipping|account email|secondary|secundario"
    r"|alternate|alternativo|source|fuente|date|fecha|data)\b"
)


class Match(NamedTuple):
    """A field that a header names; a smaller ``rank`` is a surer name."""

    field: str
    rank: int


@lru_cache(maxsize=1)
def _fields() -> dict[str, Match]:
    """Return the field of each name."""
    matches: dict[str, Match] = {}
    for field, names in NAMES.items():
        for rank, group in enumerate(names.split("||")):
            for name in group.split("|"):
                matches.setdefault(squeezed(name), Match(field, rank))
    return matches


def match(header: str) -> Match | None:
    """Return the field that ``header`` names, None for an unknown one."""
    known = _fields()
    whole = known.get(squeezed(header))
    if whole:
        return whole
    prefixed = PREFIX.fullmatch(header.strip())
    if prefixed:
        return _match_behind(fold(prefixed["of"]), prefixed["field"])
    for simpler in (IN_BRACKETS.sub("", header), LAST_NUMBER.sub("", header)):
        field_match = known.get(squeezed(simpler))
        if field_match:
            return Match(field_match.field, field_match.rank + 1)
    return None


def _match_behind(whose: str, header: str) -> Match | None:
    """Return the field that ``header`` names, after its prefix ``whose``."""
    field_match = match(header)
    if field_match is None:
        return None
    if whose in PEOPLE:
        return field_match
    if whose in COMPANIES:
        field = OF_COMPANY.get(field_match.field)
        return Match(field, field_match.rank) if field else None
    if whose == "lead" and field_match.field in OF_LEAD:
        return field_match
    if field_match.field in OF_DEAL or squeezed(header) in CONTACTS_OF_DEAL:
        return field_match
    return None


def is_of_others(header: str) -> bool:
    """Return whether the column is about a person or thing other than the lead."""
    return bool(OF_OTHERS.search(fold(header)))


def key_of(header: Sequence[str]) -> str:
    """Return the key by which a file with the same columns is recognised."""
    names = json.dumps([fold(name) for name in header])
    return hashlib.sha256(names.encode()).hexdigest()


def added_columns(header: Sequence[str]) -> int:
    """Return how many leading columns were added by our file of rejected rows.

    They are row, what it is and problem, in any of our languages; the command line with a mapping
    adds row and problem.
    """
    names = [fold(name) for name in header]
    for added in _added():
        if names[: len(added)] == list(added):
            return len(added)
    return 0


@cache
def _added() -> list[tuple[str, ...]]:
    """Return the names of the added columns, folded, in each language; the longer ones first."""
    columns: list[tuple[str, ...]] = []
    for language in LANGUAGES:
        with override(language):
            row, what, problem = fold(_("row")), fold(_("what it is")), fold(_("problem"))
        columns += [(row, what, problem), (row, problem)]
    return sorted(columns, key=len, reverse=True)
