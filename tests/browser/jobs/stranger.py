"""What the stranger brings: the people of a new organisation, and a list of 200 rows from a fair,
kept by hand.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import xlsxwriter

PASSWORD = "un faro junto al mar"
ZONE = "America/Mexico_City"
TITLE = "Contactos de la feria"
HEADER = [
    "Nombre completo", "Correo electrónico", "Teléfono", "Puesto", "Empresa",
    "No. de empleados", "País", "Fuente",
    "Acción de valor", "Notas del stand",
]  # fmt: skip
NAME, EMAIL, PHONE, JOB, COMPANY, EMPLOYEES, COUNTRY, SOURCE, ACTION, NOTES = range(len(HEADER))
FIRST_NAMES = [
    "Íñigo",
    "Begoña",
    "Ángeles",
    "José María",
    "Zoë",
    "Güicho",
    "Núria",
    "Saúl",
    "Ximena",
    "Toño",
]
LAST_NAMES = [
    "Muñoz", "Peña", "Ibáñez", "Núñez", "Güemes", "de la O", "Ordóñez", "Cigüeñas", "Ávila",
    "Señorans", "Yáñez",
    "Castañeda", "Ñíguez", "Larrañaga", "Carreño", "Avendaño", "Zúñiga", "Briseño", "Saldaña",
    "Montaño",
]  # fmt: skip
NEW, DUPLICATE, WRONG = "New", "Twice in the file", "Wrong"
ROWS, EMPTY = 200, 6
FIRST_ROW = 4  # as Excel counts: a title, a free line, the names of the columns


@dataclass
class Line:
    """A row of the list, and what is to become of it."""

    cells: list[Any]
    becomes: str = NEW
    number: int = 0


def contacts() -> list[Line]:
    """The 200 rows. Each mistake is made by hand; all else is sound."""
    names = [f"{first} {last}" for last, first in product(LAST_NAMES, FIRST_NAMES)]
    lines = [Line(sound(number, name)) for number, name in enumerate(names)]
    for number, mistake in enumerate(MISTAKES, start=40):
        _spoil(lines[3 * number], NEW, mistake)
    for number, mistake in enumerate(NOBODY, start=60):
        _spoil(lines[3 * number], WRONG, mistake)
    # The same people again: their e-mail in capitals, or their name and phone without the e-mail.
    for number in range(5):
        _spoil(lines[20 + number], DUPLICATE, {EMAIL: lines[number].cells[EMAIL].upper()})
    lines[20].cells[NAME] = '=HYPERLINK("http://malo.test")'
    for number in range(4):
        phone = f"55 4000 {number + 12:04}"
        again = {
            NAME: lines[12 + number].cells[NAME],
            EMAIL: "",
            PHONE: int(phone.replace(" ", "")) if number % 2 else phone,
        }
        _spoil(lines[30 + number], DUPLICATE, again)
    # The phone of somebody else is a switchboard's.
    _spoil(lines[34], NEW, {PHONE: "55 4000 0012"})
    _spoil(lines[35], NEW, {PHONE: 5540009035})  # a phone that Excel took for a number
    _spoil(lines[36], NEW, {EMAIL: "  CON.ESPACIOS@feria.test ", EMPLOYEES: "1,200"})
    _spoil(
        lines[CHOSEN], NEW, {COMPANY: "Distribuidora Cigüeña", PHONE: "", EMPLOYEES: "", ACTION: ""}
    )
    for place, line in enumerate(lines):
        line.number = FIRST_ROW + place + (EMPTY if place >= 100 else 0)
    return lines


CHOSEN = 11  # Begoña Peña, of whom the list says too little to hand her off
# Each costs the cell and not the lead.
MISTAKES: list[dict[int, Any]] = [
    {EMAIL: "sin-arroba.test"},
    {EMAIL: "begoña@"},
    {EMAIL: "dos@@feria.test"},
    {EMAIL: "no tiene"},
    {EMAIL: "luis@feria"},
    {EMAIL: "uno@feria.test, dos@feria.test"},
    {EMAIL: "#N/D"},
    {EMPLOYEES: "muchos"},
    {EMPLOYEES: "10-50"},
    {EMPLOYEES: -5},
    {EMPLOYEES: 12.5},
    {COUNTRY: "Méjiko"},
    {ACTION: "Nos compró un café"},
]
# Nothing is left to know the lead by.
NOBODY: list[dict[int, Any]] = [
    {NAME: "Ñ" * 161, EMAIL: "malo", PHONE: "no tiene"},
    {NAME: "", EMAIL: "", PHONE: ""},
    {NAME: " ", EMAIL: "", PHONE: "000000000"},
]


def sound(number: int, name: str) -> list[Any]:
    """The cells of a row without a mistake."""
    return [
        name,
        f"contacto{number}@feria.test",
        f"+52 55 4000 {number:04}",
        "Directora de Compras" if number % 2 else "Gerente de Diseño",
        f"Compañía Ñandú {number // 4}",
        20 + number,
        "México",
        "Feria de Querétaro",
        "Pidió una demo" if number % 3 else "Dejó sus datos",
        "Habló de su catálogo" if number % 5 else "",
    ]


def _spoil(line: Line, becomes: str, cells: dict[int, Any]) -> None:
    assert line.becomes == NEW, line
    line.becomes = becomes
    for place, cell in cells.items():
        line.cells[place] = cell


def workbook(lines: list[Line]) -> bytes:
    """The list as Excel keeps it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("Feria")
    sheet.write(0, 0, TITLE)
    sheet.write_row(FIRST_ROW - 2, 0, HEADER)
    for line in lines:
        sheet.write_row(line.number - 1, 0, line.cells)
    book.close()
    return out.getvalue()


def counts(lines: list[Line]) -> dict[str, int]:
    """What the check has to find, by its own words."""
    found = Counter(line.becomes for line in lines)
    assert sum(found.values()) == ROWS
    return {NEW: found[NEW], "Known already": 0, DUPLICATE: found[DUPLICATE], WRONG: found[WRONG]}


def left_out(lines: list[Line]) -> list[tuple[str, list[str]]]:
    """Number and cells of each row that must come back, as text."""
    return [
        (str(line.number), [_text(cell) for cell in line.cells])
        for line in lines
        if line.becomes != NEW
    ]


def _text(cell: Any) -> str:
    """A cell as the rejects tell it: a formula comes back as harmless text."""
    return f"'{cell}" if str(cell).startswith(("=", "+")) else str(cell)


def read_rejects(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the file of rejected rows."""
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return head, rows


def working_morning(now: datetime) -> datetime:
    """The next Tuesday to Thursday in Mexico at 10:00, on which people work."""
    zone, off = ZoneInfo(ZONE), holidays.country_holidays("MX")
    day: date = now.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() not in (1, 2, 3) or day in off:
        day += timedelta(days=1)
    return datetime.combine(day, time(10), zone).astimezone(UTC)
