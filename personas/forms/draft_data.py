"""The data of a draft as it is typed: a document whose rows can be added, moved and removed.

Plain data. Wrong values come back as they were typed; forms.DraftForm checks them.
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
from personas.models import Criterion, PersonaVersion

Entry = dict[str, str]
Sections = dict[str, list[Entry]]
TypedCriterion = dict[str, Any]
CRITERIA = "criteria"
PARTS = ("code", "kind", "es", "en", "field", "operator", "weight")
LISTS = "|".join((*SECTIONS, CRITERIA))
# At most three digits: int() raises ValueError for a text of more than 4300.
NAME = re.compile(rf"({LISTS})-(\d{{1,3}})-(\w+)")
ACTION = re.compile(rf"(add|drop|up|down)-({LISTS})(?:-(\d{{1,3}}))?")
MOST = dict.fromkeys(SECTIONS, MOST_ENTRIES) | {CRITERIA: MOST_CRITERIA}


def blank_entry() -> Entry:
    return dict.fromkeys(LANGUAGES, "")


def blank_sections() -> Sections:
    return {key: [] for key in SECTIONS}


def blank_criterion() -> TypedCriterion:
    row: TypedCriterion = dict.fromkeys(PARTS, "")
    row["kind"] = "fit"
    row["weight"] = "10"
    row["operand"] = []
    return row


@dataclass
class DraftData:
    """The typed document.

    ``who`` and each entry of ``sections`` hold one text per language. A criterion has PARTS as
    texts and its operand as a list of lines.
    """

    who: Entry = field(default_factory=blank_entry)
    sections: Sections = field(default_factory=blank_sections)
    criteria: list[TypedCriterion] = field(default_factory=list)

    def rows(self, name: str) -> list[Any]:
        """Return the entries of a section, or the criteria."""
        if name == CRITERIA:
            return self.criteria
        return self.sections[name]

    @property
    def content(self) -> dict[str, Any]:
        """Return the content as PersonaVersion keeps it, before it is cleaned."""
        return {WHO: self.who, **self.sections}


def of_version(version: PersonaVersion) -> DraftData:
    """Return the document of a version, ready to be changed."""
    content = version.content
    data = DraftData()
    # Stored texts lack a language that is empty; the form has a control for both.
    data.who |= content.get(WHO) or {}
    for key in SECTIONS:
        entries = content.get(key) or []
        data.sections[key] = [blank_entry() | entry for entry in entries]
    for criterion in version.criteria.all():
        data.criteria.append(_typed_criterion(criterion))
    return data


def _typed_criterion(criterion: Criterion) -> TypedCriterion:
    """Return a criterion as the form would have posted it."""
    row: TypedCriterion = {}
    for name in ("code", "kind", "field", "operator", "weight"):
        row[name] = str(getattr(criterion, name))
    for language in LANGUAGES:
        row[language] = criterion.text.get(language, "")
    row["operand"] = rules.typed_of(criterion.operand)
    return row


def read(posted: QueryDict) -> DraftData:
    """Return the posted document, with rows in the order of the numbers in their names.

    Rows beyond MOST are left out.
    """
    posted = _with_plain_line_ends(posted)
    data = DraftData()
    for language in LANGUAGES:
        data.who[language] = posted.get(f"{WHO}-{language}", "")
    for key, numbers in _row_numbers(posted).items():
        rows = data.rows(key)
        for number in sorted(numbers)[: MOST[key]]:
            rows.append(_row(posted, key, number))
    return data


def _with_plain_line_ends(posted: QueryDict) -> QueryDict:
    """Return the posted values with LF at the ends of lines."""
    # Browsers post CR LF, and the stored text has LF: every text of several lines would seem to
    # have been changed by the person.
    plain = posted.copy()
    for name in plain:
        values = plain.getlist(name)
        plain.setlist(name, [value.replace("\r\n", "\n") for value in values])
    return plain


def _row_numbers(posted: QueryDict) -> dict[str, set[int]]:
    """Return the numbers of the posted rows, by section."""
    numbers: dict[str, set[int]] = {}
    for name in posted:
        match = NAME.fullmatch(name)
        if match is None:
            continue
        of_section = numbers.setdefault(match[1], set())
        of_section.add(int(match[2]))
    return numbers


def _row(posted: QueryDict, key: str, number: int) -> dict[str, Any]:
    """Return one posted entry or criterion."""
    prefix = f"{key}-{number}-"
    parts: tuple[str, ...] = PARTS
    if key != CRITERIA:
        parts = LANGUAGES
    row: dict[str, Any] = {}
    for part in parts:
        row[part] = posted.get(prefix + part, "")
    if key == CRITERIA:
        operand = posted.getlist(prefix + "operand")
        row["operand"] = lines(operand)
    return row


def lines(values: list[str]) -> list[str]:
    """Return the operand that a text area, a list of boxes or one field sent, without blanks."""
    filled = []
    for value in values:
        for line in value.splitlines():
            stripped = line.strip()
            if stripped:
                filled.append(stripped)
    return filled


def flat(data: DraftData) -> dict[str, Any]:
    """Return the document by the names of the form's fields."""
    values: dict[str, Any] = {}
    for language, text in data.who.items():
        values[f"{WHO}-{language}"] = text
    for key in (*SECTIONS, CRITERIA):
        for number, row in enumerate(data.rows(key)):
            for part, value in row.items():
                values[f"{key}-{number}-{part}"] = value
    return values


def act(data: DraftData, action: str) -> str:
    """Add, drop or move a row, as the ``action`` of a button says: "up-criteria-2".

    Return where on the page the row stands now, an empty text for an impossible action.
    """
    match = ACTION.fullmatch(action)
    if match is None:
        return ""
    verb = match[1]
    key = match[2]
    number = int(match[3] or 0)
    rows = data.rows(key)
    if verb == "add":
        return _add(rows, key)
    # The page never names a row that it does not send; a forged request may.
    if number >= len(rows):
        return ""
    if verb == "drop":
        del rows[number]
        return key
    other = number + 1
    if verb == "up":
        other = number - 1
    # The page disables the button at the ends of the list; a forged request may name it.
    if not 0 <= other < len(rows):
        return f"{key}-{number}"
    rows[number], rows[other] = rows[other], rows[number]
    return f"{key}-{other}"


def _add(rows: list[Any], key: str) -> str:
    """Add an empty row, unless there are MOST already; return where it stands."""
    if len(rows) >= MOST[key]:
        return ""
    if key == CRITERIA:
        rows.append(blank_criterion())
    else:
        rows.append(blank_entry())
    return f"{key}-{len(rows) - 1}"


# -- Two people at once: the document in parts, each of which one of them wins as a whole


def units(data: DraftData) -> dict[str, Any]:
    """Return the parts of the document; a conflict keeps one person's part as a whole."""
    parts: dict[str, Any] = {}
    for language, text in data.who.items():
        parts[f"{WHO}-{language}"] = text.strip()
    for key in SECTIONS:
        # An entry that was added and left blank is not saved, so it is no difference either.
        parts[key] = [entry for entry in data.sections[key] if _is_filled(entry)]
    names = []
    for number, criterion in enumerate(data.criteria):
        name = _unit(number, criterion)
        names.append(name)
        parts[name] = criterion
    # A part of its own: one person may move a criterion while another one rewrites it.
    parts["order"] = names
    return parts


def _is_filled(entry: Entry) -> bool:
    return any(text.strip() for text in entry.values())


def _unit(number: int, criterion: TypedCriterion) -> str:
    """Return the name of a criterion among the parts; a new one has no code yet."""
    code = criterion["code"] or f"new-{number}"
    return f"criterion-{code}"


def joined(mine: DraftData, theirs: DraftData, is_mine: Mapping[str, bool]) -> DraftData:
    """Return one document out of two.

    ``is_mine`` says for each part that differs whose it is; on all other parts both agree.
    """
    typed = units(mine)
    saved = units(theirs)

    def chosen(name: str) -> Any:
        if is_mine.get(name, True):
            return typed.get(name)
        return saved.get(name)

    data = DraftData()
    for language in LANGUAGES:
        data.who[language] = chosen(f"{WHO}-{language}")
    for key in SECTIONS:
        data.sections[key] = chosen(key)
    # The chosen order may lack criteria that were kept from the other document: they come last.
    order = dict.fromkeys([*chosen("order"), *typed["order"], *saved["order"]])
    criteria = [chosen(name) for name in order]
    # None is a criterion that the chosen person dropped.
    data.criteria = [criterion for criterion in criteria if criterion is not None]
    return data
