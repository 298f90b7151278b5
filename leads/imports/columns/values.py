"""What the cells of a column look like: whether they fit a field, and which field they are.

Headers alone mislead: a column "URL" may hold profiles of LinkedIn, "Title" salutations, "Owner"
the e-mails of colleagues.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from crm.lib import countries
from crm.lib.files import dates
from crm.lib.numbers import typed
from crm.lib.text import LEGAL_FORM, fold
from leads.imports import parsers
from leads.imports.columns import stages
from leads.imports.columns.targets import (
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
    SOURCE,
    STAGE,
)
from leads.imports.readings import EMAIL, EXTERNAL_ID, FIRST_NAME, LAST_NAME, NAME, PHONE
from leads.models import CustomField
from leads.records.identity import emails

LIKELY = 0.8  # share of the cells that have to look like a field without a clear header
HALF = 0.5
MOST_NAMES = 50  # different values of a source or a campaign; more are free text
LONGEST_NAME = 60  # characters of a source or a campaign
# A page of a network may have an @, too, but behind slashes.
EMAIL_FORM = re.compile(r"[^@\s/:]+@[^@\s/]+\.[^@\s/]+")
# The lookahead counts the digits, whatever is between them.
PHONE_FORM = re.compile(r"(?=(\D*\d){10,15}\D*$)(?:p:)?\+?[\d(][\d\s().-]{8,20}\d")
PLAIN_NUMBER = re.compile(r"-?\d+([.,]\d+)*")
URL_FORM = re.compile(
    r"(https?://)?(www\.)?([\w-]+\.)+([a-z]{2,24})(:\d+)?([/?#]\S*)?", re.IGNORECASE
)
# Generic endings of domains; those of two letters are countries.
GENERIC = (
    "com net org edu gov mil int info biz name pro mobi coop jobs travel museum app dev tech online"
    " store shop site website space xyz cloud agency consulting digital solutions group global"
    " company studio media marketing systems services software network center world life live news"
    " blog club design works legal law health care finance capital energy academy school university"
    " foundation ong ngo lat inc ltd llc test example"
)
ENDINGS = frozenset(GENERIC.split())
PROFILES = re.compile(
    r"(^|[/.])(linkedin|facebook|fb|twitter|x|instagram|tiktok|youtube)\.com(/|$)"
    r"|(^|[/.])(fb|wa|t)\.me(/|$)",
    re.IGNORECASE,
)
TITLES = (
    "dr dra mr mrs ms miss mx sr sra srta srita lic licda ing inga arq prof profa don dona sir"
    " madam mtro mtra cp c p phd md senor senora senorita herr frau"
)
SALUTATIONS = frozenset(TITLES.split())
FORMS_OF_COMPANIES = re.compile(
    r"\b(group|grupo|corp|corporation|company|compania|cia|holding|industrias|industries"
    r"|consultores|consulting|servicios|services|solutions|soluciones|sistemas|systems|tech"
    r"|technologies|tecnologia|laboratorios|comercial|distribuidora|constructora|banco|bank"
    r"|seguros|universidad|university|instituto|hospital|associates|asociados|partners)\b"
)
# A made-up id: digits, hexadecimal groups, or letters and digits mixed.
ID_FORM = re.compile(r"[\w:.-]*\d[\w:.-]*|[0-9a-f-]{32,}", re.IGNORECASE)

Cells = Sequence[str]
Look = Callable[[str], bool]


def filled(cells: Cells) -> list[str]:
    """Return the cells that are not empty and do not mean nothing."""
    stripped = [cell.strip() for cell in cells]
    return [cell for cell in stripped if not parsers.is_nothing(cell)]


def share(cells: Cells, look: Look) -> float:
    """Return the share of ``cells`` that have a look; 0 for none."""
    if not cells:
        return 0.0
    return sum(1 for cell in cells if look(cell)) / len(cells)


# -- One cell


def is_email(cell: str) -> bool:
    address, _rest = emails.split(cell)
    return bool(EMAIL_FORM.fullmatch(address))


def is_phone(cell: str) -> bool:
    """Return whether a cell is most likely a phone, without a header that says so."""
    # An apostrophe keeps a spreadsheet from calculating with the number.
    cell = cell.removeprefix("'")
    if not PHONE_FORM.fullmatch(cell) or dates.readings(cell):
        return False
    # Digits alone may be an id, and with one sign a number: a phone has a prefix or groups.
    return len(cell) == 10 or not PLAIN_NUMBER.fullmatch(cell)


def has_phone_digits(cell: str) -> bool:
    return sum(sign.isdigit() for sign in cell) >= 6 and not is_email(cell)


def is_profile(cell: str) -> bool:
    """Return whether a cell is the page of a person or firm in a network."""
    return bool(PROFILES.search(cell))


def is_url(cell: str) -> bool:
    return bool(URL_FORM.fullmatch(cell)) and not is_profile(cell)


def is_domain(cell: str) -> bool:
    """Return whether a cell is most likely a website, without a header that says so."""
    match = URL_FORM.fullmatch(cell)
    if match is None or is_profile(cell):
        return False
    ending = match[4].lower()
    has_ending = ending in ENDINGS or countries.is_code(ending)
    return has_ending and not match[3].rstrip(".").isdigit()


def is_salutation(cell: str) -> bool:
    return fold(cell) in SALUTATIONS


def is_company(cell: str) -> bool:
    """Return whether a name is most likely that of a company."""
    folded = fold(cell)
    without_form = LEGAL_FORM.sub("", folded)
    if without_form != folded and "," not in cell and len(folded.split()) > 1:
        return True
    return bool(FORMS_OF_COMPANIES.search(folded))


def is_date(cell: str) -> bool:
    return bool(dates.readings(cell))


def has_digit(cell: str) -> bool:
    return any(sign.isdigit() for sign in cell)


def has_letter(cell: str) -> bool:
    return any(sign.isalpha() for sign in cell)


def is_id(cell: str) -> bool:
    return bool(ID_FORM.fullmatch(cell))


def is_text(cell: str) -> bool:
    """Return whether a cell is words: no number, date, e-mail or page."""
    if cell.lower().startswith(("http://", "https://", "www.")):
        return False
    return has_letter(cell) and not (is_email(cell) or is_profile(cell) or is_date(cell))


# -- A column


def _are_names(cells: Cells, most: int = MOST_NAMES) -> bool:
    """Return whether the cells name few things, as sources and campaigns do."""
    if len(set(cells)) > most:
        return False
    return share(cells, lambda cell: len(cell) <= LONGEST_NAME and is_text(cell)) >= HALF


def _are_ids(cells: Cells) -> bool:
    """Return whether most cells are different, short texts; a lead may stand twice in a file."""
    if len(set(cells)) < HALF * len(cells):
        return False
    return share(cells, lambda cell: len(cell) <= 120) == 1


def _at_least_half(look: Look) -> Callable[[Cells], bool]:
    return lambda cells: share(cells, look) >= HALF


def _are_titles(cells: Cells) -> bool:
    return share(cells, is_salutation) < HALF and share(cells, is_text) >= HALF


def _are_companies(cells: Cells) -> bool:
    return share(cells, lambda cell: not is_email(cell) and not is_profile(cell)) >= HALF and (
        share(cells, has_letter) >= HALF
    )


def _are_countries(cells: Cells) -> bool:
    """Return whether the cells may be countries; unknown ones are asked for."""
    return share(cells, lambda cell: bool(countries.find(cell))) > 0 or (
        len(set(cells)) <= MOST_NAMES and share(cells, is_text) >= HALF
    )


def _are_stages(cells: Cells) -> bool:
    return share(cells, stages.is_known) >= HALF


# What the cells of a column have to be, for the fields that a header alone does not prove.
FITS: dict[str, Callable[[Cells], bool]] = {
    NAME: _at_least_half(is_text),
    FIRST_NAME: _at_least_half(is_text),
    LAST_NAME: _at_least_half(is_text),
    EMAIL: _at_least_half(is_email),
    PHONE: _at_least_half(has_phone_digits),
    JOB_TITLE: _are_titles,
    COUNTRY: _are_countries,
    COMPANY_COUNTRY: _are_countries,
    COMPANY: _are_companies,
    DOMAIN: _at_least_half(is_url),
    INDUSTRY: _at_least_half(is_text),
    EMPLOYEES: _at_least_half(has_digit),
    SOURCE: _are_names,
    MEDIUM: _are_names,
    CAMPAIGN: lambda cells: share(cells, lambda cell: len(cell) <= 120) >= HALF,
    LANDING_PAGE: _at_least_half(lambda cell: is_url(cell) or cell.startswith("/")),
    FIRST_SEEN: _at_least_half(lambda cell: is_date(cell) or bool(dates.counted(cell))),
    STAGE: _are_stages,
    EXTERNAL_ID: _are_ids,
}


def fit(field: str, cells: Cells) -> bool:
    """Return whether the filled ``cells`` of a column may be ``field``. No cells fit any field."""
    if not cells:
        return True
    if field.startswith("stage."):
        return FITS[FIRST_SEEN](cells)
    look = FITS.get(field)
    return look is None or look(cells)


def likely_field(cells: Cells) -> str:
    """Return the field that most filled ``cells`` look like, "" for none."""
    looks: dict[str, Look] = {EMAIL: is_email, PHONE: is_phone, DOMAIN: is_domain}
    for field, look in looks.items():
        # Not every cell: real files have notes and typing errors among the addresses.
        if share(cells, look) >= LIKELY:
            return field
    return ""


def type_of_custom_field(cells: Cells) -> str:
    """Return what a custom field for these filled cells would hold; a text for anything else."""
    types: dict[str, Look] = {
        CustomField.Type.YES_NO: lambda cell: fold(cell) in parsers.YES | parsers.NO,
        CustomField.Type.DATE: is_date,
        CustomField.Type.NUMBER: is_number,
    }
    for type, look in types.items():
        if share(cells, look) == 1:
            return type
    return CustomField.Type.TEXT


def is_number(cell: str) -> bool:
    """Return whether a cell is a number; with a leading zero it is a code."""
    if re.match(r"0\d", cell):
        return False
    return bool(typed.readings(parsers.without_currency(cell)))
