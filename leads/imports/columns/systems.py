"""The system that the external ids of a file are of: a guess by its headers and its ids.

An id of one system is not the same id of another. An unknown system is "file".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm.lib.text import fold

UNKNOWN = "file"
LONGEST = 40  # characters of a system
NAMES = {
    "hubspot": "HubSpot",
    "salesforce": "Salesforce",
    "zoho": "Zoho",
    "pipedrive": "Pipedrive",
    "odoo": "Odoo",
    "espocrm": "EspoCRM",
    "leadsquared": "LeadSquared",
    "meta": "Meta",
    "rd-station": "RD Station",
    "mailchimp": "Mailchimp",
    "apollo": "Apollo",
}
# What the ids of a system look like, where they look like nothing else.
IDS = {
    "meta": re.compile(r"l:\d+"),
    "zoho": re.compile(r"zcrm_\d+"),
    "salesforce": re.compile(r"00[Q3][A-Za-z0-9]{12}([A-Za-z0-9]{3})?"),
    "odoo": re.compile(r"(__export__|crm)[._].+"),
}
# Headers that one system alone writes, folded.
HEADERS = {
    "hubspot": (
        "record id|hs object id|hubspot score|hubspot owner|associated company ids|lifecycle stage"
        "|id de registro|ids de empresa asociada|etapa del ciclo de vida|id do registro"
        "|estagio do ciclo de vida"
    ),
    "leadsquared": "prospect id|prospectid|prospect stage|prospect auto id",
    "meta": "ad id|adset id|adset name|form id|is organic",
    "salesforce": "lead id 18|case safe id|masterrecordid|id de candidato|account id 18",
    "zoho": "lead owner id|contact owner id|layout id",
    "pipedrive": (
        "person id|person name|person organization|deal id|lead labels|persona id|persona nombre"
        "|persona organizacion|pessoa id|pessoa nome|pessoa organizacao"
    ),
    "odoo": "partner name|email from|x studio",
    "rd-station": "rd station|estagio no funil|etapa en el embudo|url publica",
    "mailchimp": "leid|euid|member rating|optin time",
    "apollo": "apollo contact id|apollo account id|apollo id",
}
SYSTEM_OF = {name: system for system, names in HEADERS.items() for name in names.split("|")}


def guess(header: Sequence[str], ids: Sequence[str]) -> str:
    """Return the system that a file with this header and these external ids is likely of."""
    filled = [each.strip() for each in ids if each.strip()]
    for system, pattern in IDS.items():
        if filled and all(pattern.fullmatch(each) for each in filled):
            return system
    for name in header:
        system = SYSTEM_OF.get(fold(name), "")
        if system:
            return system
    return UNKNOWN


def code_of(text: str) -> str:
    """Return the code of a system that a person named: "RD Station" is rd-station."""
    return fold(text).replace(" ", "-")[:LONGEST] or UNKNOWN


def name_of(code: str) -> str:
    """Return the system as people know it; empty where it is not known."""
    if code == UNKNOWN:
        return ""
    return NAMES.get(code, code)
