"""A draft as it is typed: what a form sends, parted into a document that can grow, shrink and
change its order.

Plain data. Whatever is sent comes back as it was typed, also where it is wrong; forms.DraftForm
checks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from crm.lib.bilingual import LANGUAGES
from personas import criteria as rules
from personas.documents import MOST_ENTRIES, SECTIONS, WHO
from personas.drafts import MOST_CRITERIA
from personas.models import PersonaVersion

Entry = dict[str, str]
CRITERIA = "criteria"
PARTS = ("code", "kind", "es", "en", "field", "operator", "weight")
NAME = re.compile(rf"({'|'.join((*SECTIONS, CRITERIA))})-(\d{{1,3}})-(\w+)")
ACTION = re.compile(rf"(add|drop|up|down)-({'|'.join((*SECTIONS, CRITERIA))})(?:-(\d{{1,3}}))?")
MOST = dict.fromkeys(SECTIONS, MOST_ENTRIES) | {CRITERIA: MOST_CRITERIA}


@dataclass
class Typed:
    """``who``: by language; ``sections``: entries by language; ``criteria``: PARTS as text, operand
    as lines.
    """

    who: Entry = field(default_factory=lambda: dict.fromkeys(LANGUAGES, ""))
    sections: dict[str, list[Entry]] = field(default_factory=lambda: {key: [] for key in SECTIONS})
    criteria: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, name: str) -> list[Any]:
        """The entries of a section, or the criteria."""
        return self.criteria if name == CRITERIA else self.sections[name]

    @property
    def content(self) -> dict[str, Any]:
        """As PersonaVersion keeps it, before it is tidied."""
        return {WHO: self.who, **self.sections}


def of_version(version: PersonaVersion) -> Typed:
    """What a version says, ready to be typed over."""
    found = Typed()
    found.who |= version.content.get(WHO) or {}
    for key in SECTIONS:
        found.sections[key] = [blank_entry() | each for each in version.content.get(key) or []]
    for each in version.criteria.all():
        row = {
            name: str(getattr(each, name))
            for name in ("code", "kind", "field", "operator", "weight")
        }
        text = {language: each.text.get(language, "") for language in LANGUAGES}
        found.criteria.append({**row, **text, "operand": rules.typed_of(each.operand)})
    return found


def blank_entry() -> Entry:
    return dict.fromkeys(LANGUAGES, "")


def blank_criterion() -> dict[str, Any]:
    return {**dict.fromkeys(PARTS, ""), "kind": "fit", "weight": "10", "operand": []}


def read(posted: QueryDict) -> Typed:
    """What was sent, in the order of the numbers in its names; more rows than fit are left out.

    Browsers end lines with CR LF; kept as LF, or every text of several lines would seem to have
    changed.
    """
    posted = posted.copy()
    for name in posted:
        posted.setlist(name, [value.replace("\r\n", "\n") for value in posted.getlist(name)])
    found = Typed()
    found.who = {language: posted.get(f"{WHO}-{language}", "") for language in LANGUAGES}
    numbers: dict[str, set[int]] = {}
    for name in posted:
        if match := NAME.fullmatch(name):
            numbers.setdefault(match[1], set()).add(int(match[2]))
    for key, rows in numbers.items():
        for number in sorted(rows)[: MOST[key]]:
            before = f"{key}-{number}-"
            if key == CRITERIA:
                row: dict[str, Any] = {part: posted.get(before + part, "") for part in PARTS}
                found.criteria.append({**row, "operand": lines(posted.getlist(before + "operand"))})
            else:
                found.sections[key].append(
                    {each: posted.get(before + each, "") for each in LANGUAGES}
                )
    return found


def lines(values: list[str]) -> list[str]:
    """What a text area (one a line), a list of boxes or one field sent as operand."""
    return [line.strip() for value in values for line in value.splitlines() if line.strip()]


def flat(typed: Typed) -> dict[str, Any]:
    """The same by the names of the form's fields."""
    found: dict[str, Any] = {f"{WHO}-{language}": text for language, text in typed.who.items()}
    for key in (*SECTIONS, CRITERIA):
        for number, row in enumerate(typed.rows(key)):
            found |= {f"{key}-{number}-{part}": value for part, value in row.items()}
    return found


def act(typed: Typed, wanted: str) -> str:
    """Add, drop or move a row; returns where on the page it stands now, "" if ``wanted`` says
    nothing that can be.
    """
    match = ACTION.fullmatch(wanted)
    if match is None:
        return ""
    verb, key, number = match[1], match[2], int(match[3] or 0)
    rows = typed.rows(key)
    if verb == "add":
        if len(rows) >= MOST[key]:
            return ""
        rows.append(blank_criterion() if key == CRITERIA else blank_entry())
        return f"{key}-{len(rows) - 1}"
    if number >= len(rows):
        return ""
    if verb == "drop":
        del rows[number]
        return key
    other = number + (-1 if verb == "up" else 1)
    if 0 <= other < len(rows):
        rows[number], rows[other] = rows[other], rows[number]
        return f"{key}-{other}"
    return f"{key}-{number}"


# -- Two people at once: the document in parts that can be weighed against each other


def units(typed: Typed) -> dict[str, Any]:
    """The document in parts of which one person's or another's is kept as a whole."""
    found: dict[str, Any] = {
        f"{WHO}-{language}": text.strip() for language, text in typed.who.items()
    }
    for key in SECTIONS:
        found[key] = [
            each for each in typed.sections[key] if any(text.strip() for text in each.values())
        ]
    for number, each in enumerate(typed.criteria):
        found[_unit(number, each)] = each
    found["order"] = [_unit(number, each) for number, each in enumerate(typed.criteria)]
    return found


def _unit(number: int, criterion: Mapping[str, Any]) -> str:
    return f"criterion-{criterion['code'] or f'new-{number}'}"


def joined(mine: Typed, theirs: Typed, is_mine: Mapping[str, bool]) -> Typed:
    """One document of two: of each part in ``is_mine`` this or that one's, of every other what they
    agree on.
    """
    ours, saved = units(mine), units(theirs)

    def chosen(name: str) -> Any:
        return (ours if is_mine.get(name, True) else saved).get(name)

    found = Typed(who={language: chosen(f"{WHO}-{language}") for language in LANGUAGES})
    found.sections = {key: chosen(key) for key in SECTIONS}
    order = list(dict.fromkeys([*chosen("order"), *ours["order"], *saved["order"]]))
    found.criteria = [each for name in order if (each := chosen(name)) is not None]
    return found
