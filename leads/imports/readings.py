"""The reader of rows: the cells of one row in, fields of a lead or of an outcome out.

Both kinds of import use it. The browser chooses columns by position (columns.readers), the
command line by name (leads.imports.history.mapping_file).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from crm.lib.files.layout import Row
from crm.lib.text import clean_line, clean_text, fold
from leads.imports import parsers
from leads.imports.notes import Note, Noted, shortened
from leads.imports.parsers import BadCell, Parser, Style
from leads.imports.problems import DeferredText, Problem
from leads.imports.problems import deferred as _
from leads.records.identity import phones
from leads.records.identity.phones import NoPhone, Phone, Reason

NAME = "person.name"
FIRST_NAME = "person.first_name"
LAST_NAME = "person.last_name"
EMAIL = "person.email"
PHONE = "person.phone"
EXTENSION = "person.phone_extension"
EXTERNAL_ID = "external_id"
IDENTITY = (EXTERNAL_ID, NAME, EMAIL, PHONE)  # a lead needs one of them
LONGEST_NAME = 160
# People look for a phone and an e-mail, so that a cell without one is noted.
NOTES_OF_NOTHING = {PHONE: "phone_placeholder", EMAIL: "no_email"}
NO_IDENTITY = _("Give at least a name, an e-mail, a phone or an external id.")


@dataclass
class Reading:
    """A row as fields.

    ``parsed`` are the values of its cells, without the empty ones; ``values`` adds what
    follows from them. ``originals`` are the cells of the file. A row with ``problems`` is
    rejected; ``notes`` are on a row that is taken. ``left_out`` are its cells that cannot be read.
    """

    row: Row
    parsed: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    originals: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)

    def note(self, name: str, code: str, *, lead: int | None = None, **values: Any) -> None:
        """Add a note on the field ``name``; ``code`` is one of leads.imports.notes.WORDS."""
        self.notes.append(Note(name, code, values, lead))

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def group(self, prefix: str) -> dict[str, Any]:
        """Return the values below ``prefix``: group("person") is {"name": …, "email": …}."""
        start = f"{prefix}."
        return {
            name.removeprefix(start): value
            for name, value in self.values.items()
            if name.startswith(start)
        }


def fingerprint(values: Mapping[str, Any]) -> str:
    """Return a hash of everything that a row holds."""
    text = json.dumps(values, sort_keys=True, default=str, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Target(NamedTuple):
    """A field that the rows fill. ``column`` is the name of its column in the file.

    ``translations`` replace cells; None means an empty one. ``words`` are folded texts that are
    values here, although they usually mean an empty cell. ``style`` is how the column writes dates
    and numbers, None for the style of the file. A cell that cannot be taken makes the row wrong
    if the field ``is_required``, else it is left out with a note.
    """

    field: str
    column: str
    parse: Parser
    translations: Mapping[str, str | None] = {}
    words: Collection[str] = ()
    style: Style | None = None
    is_required: bool = False
    has_lines: bool = False


class RowReader:
    """Read rows into targets.

    ``columns`` are targets with the position of their cell, ``constants`` are targets with one text
    for every row. ``width`` is the number of columns that have a name; ``latest`` is the last date
    that may occur; ``complete`` adds the values that follow from others.
    """

    def __init__(
        self,
        columns: Sequence[tuple[Target, int]],
        constants: Sequence[tuple[Target, str]] = (),
        *,
        width: int,
        style: Style,
        latest: date,
        complete: Callable[[Reading], None] | None = None,
    ) -> None:
        self.columns = columns
        self.constants = constants
        self.width = width
        self.style = style
        self.latest = latest
        self.complete = complete

    def read(self, row: Row) -> Reading:
        """Return the fields of ``row``, with a problem or a note for each cell not taken."""
        reading = Reading(row)
        cells = row.cells
        # The cells of a longer or shorter row have shifted; each might go into a wrong field.
        if not self._has_the_width(cells):
            numbers = {"cells": len(cells), "columns": self.width}
            why = _("the row has %(cells)d cells, the header has %(columns)d") % numbers
            reading.problems.append(Problem(why))
            return reading
        for target, position in self.columns:
            if position < len(cells):
                self._take(reading, target, cells[position], position)
        for target, text in self.constants:
            self._take(reading, target, text)
        reading.values = reading.parsed
        if self.complete and not reading.problems:
            self.complete(reading)
        return reading

    def _has_the_width(self, cells: Sequence[str]) -> bool:
        """Return whether no cell is missing or outside of the named columns.

        A sheet does not store the empty cells at the end of a row.
        """
        if len(cells) < self.width:
            return self.style.is_sheet
        return not any(cell.strip() for cell in cells[self.width :])

    def _take(
        self, reading: Reading, target: Target, cell: str, position: int | None = None
    ) -> None:
        text = _clean(target, cell)
        is_further = target.field in reading.parsed
        # Before translation: events keep the file's own text.
        if not is_further:
            reading.originals[target.field] = text
        if text in target.translations:
            text = _clean(target, target.translations[text] or "")
        if not text:
            return
        if parsers.is_nothing(text) and fold(text) not in target.words:
            if target.field in NOTES_OF_NOTHING:
                reading.note(target.field, NOTES_OF_NOTHING[target.field], cell=text)
            return
        try:
            parsers.check_no_error(text)
            value = target.parse(target.style or self.style, text)
            if isinstance(value, date) and value > self.latest:
                raise BadCell(_("%(cell)s has not come yet") % parsers.quoted(text))
        except BadCell as bad:
            _report(reading, target, position, bad.why)
            return
        if isinstance(value, Noted):
            reading.note(target.field, value.code, **value.values)
            value = value.value
        if is_further:
            _note_further(reading, target, value, text)
        elif value is not None:
            reading.parsed[target.field] = value


def _note_further(reading: Reading, target: Target, value: Any, text: str) -> None:
    """Note on a second column of one field what is left out, unless it says the same."""
    taken = reading.parsed[target.field]
    if value not in (None, taken):
        taken_text = shortened(reading.originals[target.field])
        reading.note(target.field, "rest_left_out", taken=taken_text, rest=shortened(text))


def _clean(target: Target, cell: str) -> str:
    if target.has_lines:
        return clean_text(cell)
    return clean_line(cell)


def _report(reading: Reading, target: Target, position: int | None, why: DeferredText) -> None:
    """Reject the row for a bad cell that it needs; for another one, note that it is left out."""
    problem = Problem(why, field=target.field, column=target.column, position=position)
    if target.is_required:
        reading.problems.append(problem)
    else:
        reading.note(target.field, "bad_cell", reason=why.to_json())
        reading.left_out.append(problem)


def complete_lead(reading: Reading, *, assumed: str = "") -> None:
    """Add what follows from the cells of a lead, and the problem of one without identity.

    First and last name make the name, the country gives the phone its prefix, and the company is in
    the country of the person where the file does not name its own. ``assumed``: the country of the
    organisation.
    """
    values = dict(reading.parsed)
    reading.values = values
    parts = [values.pop(FIRST_NAME, ""), values.pop(LAST_NAME, "")]
    name = values.get(NAME) or " ".join(part for part in parts if part)
    if len(name) > LONGEST_NAME:
        why = _("longer than %(most)d characters") % {"most": LONGEST_NAME}
        reading.problems.append(Problem(why, field=NAME))
    elif name:
        values[NAME] = name
    _drop_facts_without_company(reading)
    country = values.get("person.country", "")
    if country and values.get("company.name"):
        values.setdefault("company.country", country)
    _read_phone(reading, assumed)
    if not any(values.get(code) for code in IDENTITY):
        _explain_missing_identity(reading)


def _explain_missing_identity(reading: Reading) -> None:
    """Reject the row, with the problems of the identity cells that were left out, if any."""
    for problem in reading.left_out:
        if problem.field in (*IDENTITY, FIRST_NAME, LAST_NAME):
            reading.problems.append(problem)
    reading.problems.append(Problem(NO_IDENTITY))


def _drop_facts_without_company(reading: Reading) -> None:
    """Remove the facts of a company that the row does not name: they have no place."""
    values = reading.values
    if values.get("company.name"):
        return
    facts = [code for code in values if code.startswith("company.")]
    for code in facts:
        reading.note(code, "no_company", cell=shortened(reading.originals.get(code, "")))
        del values[code]


def _read_phone(reading: Reading, assumed: str) -> None:
    """Read the phone by the countries of the row; a text that is no phone is left empty."""
    values = reading.values
    text = values.get(PHONE)
    if text is None:
        return
    countries = [values.get("person.country", ""), values.get("company.country", "")]
    if any(countries):
        assumed = ""
    try:
        phone = phones.read(text, countries=countries, assumed=assumed)
    except NoPhone as error:
        # Digits that a person may still mend stay as typed; they are no phone until then.
        phone = Phone()
        if error.reason == Reason.WRONG_LENGTH:
            phone = Phone(typed=text[: phones.LONGEST])
        reading.note(PHONE, f"phone_{error.reason}", cell=shortened(text))
        why = _("“%(cell)s” is no phone") % parsers.quoted(text)
        reading.left_out.append(Problem(why, field=PHONE))
    else:
        _note_phone(reading, phone)
    values[PHONE] = phone.number
    values[EXTENSION] = phone.extension
    values["person.phone_typed"] = phone.typed
    values["person.phone_assumed"] = phone.assumed


def _note_phone(reading: Reading, phone: Phone) -> None:
    """Note the part of a phone that is not taken, and a phone of an unknown country."""
    if phone.rest:
        reading.note(PHONE, "rest_left_out", taken=phone.full, rest=shortened(phone.rest))
    if not phone.is_read:
        reading.note(PHONE, "phone_unread", cell=shortened(phone.typed))
