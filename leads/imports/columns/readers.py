"""The reader of a file of new leads, by the targets of its columns.

The browser knows columns by position, so that two columns of one name stay two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from crm.accounts import people
from crm.lib.files.layout import Layout
from crm.lib.text import fold
from leads.imports import parsers
from leads.imports.columns.facts import Facts
from leads.imports.columns.labels import LABELS
from leads.imports.columns.targets import (
    ACTION,
    ATTRIBUTE_TEXT,
    ATTRIBUTES,
    COMPANY_COUNTRY,
    COUNTRY,
    LEAD_FIELDS,
    NOTE,
    WORDS,
    without_place,
)
from leads.imports.parsers import BadCell, Parser, Style
from leads.imports.problems import deferred as _
from leads.imports.readings import FIRST_NAME, LAST_NAME, RowReader, Target, complete_lead
from leads.models import CustomField, ValuableActionKind


def style_of(layout: Layout) -> Style:
    """Return how a file with this layout writes dates and numbers."""
    return Style(decimal=layout.decimal, is_sheet=layout.kind == "xlsx")


def reader(
    header: Sequence[str],
    columns: Sequence[str],
    layout: Layout,
    *,
    latest: date,
    facts: Sequence[Mapping[str, Any]] = (),
    answers: Mapping[str, Any] | None = None,
) -> RowReader:
    """Return the reader of new leads by a choice of targets.

    ``latest`` is the last date that the file may have. ``facts`` of the columns and ``answers`` of
    the person (ImportRun) say how to read dates, numbers and countries.
    """
    answers = answers or {}
    customs = list(CustomField.objects.filter(archived_at__isnull=True))
    known: dict[str, Parser] = {code: LEAD_FIELDS[code] for code in LABELS if code in LEAD_FIELDS}
    known |= {FIRST_NAME: parsers.line(160), LAST_NAME: parsers.line(160)}
    known[ACTION] = _action_parser()
    known |= attribute_parsers(customs)
    words = WORDS | words_of_choices(customs)
    unplaced = without_place(columns)
    style = style_of(layout)
    chosen: list[tuple[Target, int]] = []
    for position, code in enumerate(columns):
        # A custom field that was archived after the columns were matched is not imported.
        if code not in known or code in unplaced:
            continue
        of_column = Facts()
        if position < len(facts):
            of_column = Facts(**facts[position])
        target = Target(
            code,
            header[position],
            known[code],
            translations=_translations(code, answers),
            words=words.get(code, ()),
            style=of_column.style(style, answers),
            has_lines=code == NOTE,
        )
        chosen.append((target, position))
    return RowReader(
        chosen,
        width=len(header),
        style=style,
        latest=latest,
        complete=partial(complete_lead, assumed=people.organisation().country),
    )


def _translations(code: str, answers: Mapping[str, Any]) -> Mapping[str, str | None]:
    """Return the answers for texts that name no country; None leaves them empty."""
    if code not in (COUNTRY, COMPANY_COUNTRY):
        return {}
    given: Mapping[str, str] = answers.get("countries", {})
    return {text: code or None for text, code in given.items()}


def words_of_choices(customs: Sequence[CustomField]) -> dict[str, frozenset[str]]:
    """Return the choices of custom fields, folded: "None" may be one and is then no empty cell."""
    words: dict[str, frozenset[str]] = {}
    for custom in customs:
        names = [fold(text) for option in custom.options for text in option.values()]
        if names:
            words[f"attributes.{custom.code}"] = frozenset(names)
    return words


def attribute_parsers(customs: Sequence[CustomField]) -> dict[str, Parser]:
    """Return the parser of each custom field, by its field."""
    return {f"attributes.{custom.code}": _attribute_parser(custom) for custom in customs}


def _attribute_parser(custom: CustomField) -> Parser:
    if custom.type == CustomField.Type.CHOICE:
        return _choice_parser(custom)
    return ATTRIBUTES.get(custom.type, ATTRIBUTE_TEXT)


def _choice_parser(custom: CustomField) -> Parser:
    # By the stored value and by the text in either language.
    values = {fold(text): option["value"] for option in custom.options for text in option.values()}

    def choose(style: Style, cell: str) -> Any:
        key = fold(cell)
        if key not in values:
            known = ", ".join(name for _value, name in custom.form_choices())
            raise BadCell(_("“%(cell)s” is none of %(known)s") % parsers.quoted(cell, known=known))
        return values[key]

    return choose


def actions_by_name() -> dict[str, ValuableActionKind]:
    """Return the catalogue of valuable actions by folded name and code."""
    kinds: dict[str, ValuableActionKind] = {}
    for kind in ValuableActionKind.objects.filter(archived_at__isnull=True):
        for name in (kind.code, *kind.name.values()):
            kinds[fold(name)] = kind
    return kinds


def _action_parser() -> Parser:
    kinds = actions_by_name()

    def find(style: Style, cell: str) -> ValuableActionKind:
        kind = kinds.get(fold(cell))
        if kind is None:
            raise BadCell(
                _("“%(cell)s” is no valuable action of the catalogue") % parsers.quoted(cell)
            )
        return kind

    return find
