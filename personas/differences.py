"""Compare two versions of a persona, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.differences import (
    CHANGED,
    GONE,
    MOVED,
    NEW,
    SAME,
    Entry,
    Part,
    has_changed,
    lists,
    words,
)
from personas import documents
from personas.criteria import reads
from personas.documents import SECTIONS, WHO
from personas.fields import Fields
from personas.models import Criterion, PersonaVersion
from personas.states import CriterionKind


@dataclass(frozen=True)
class TextChange:
    """One part of the document. ``elsewhere``: only the text in the other language changed."""

    key: str
    label: str | Promise
    lines: list[Entry]
    elsewhere: bool = False


@dataclass(frozen=True)
class CriterionChange:
    """One criterion. ``op`` is new, gone, changed or moved.

    ``notes`` say what changed besides its sentence and its rule.
    """

    op: str
    kind: CriterionKind
    parts: list[Part]
    reads: list[Part]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """The parts and criteria that changed."""

    older: PersonaVersion
    newer: PersonaVersion
    texts: list[TextChange]
    criteria: list[CriterionChange]

    @property
    def is_empty(self) -> bool:
        return not (self.texts or self.criteria)


def between(older: PersonaVersion, newer: PersonaVersion, fields: Fields) -> Difference:
    """Return what changed from ``older`` to ``newer``. ``fields`` names the fields of criteria."""
    parts = [_who(older.content, newer.content)]
    parts += [_section(key, older.content, newer.content) for key in SECTIONS]
    texts = [part for part in parts if part.elsewhere or has_changed(part.lines)]
    criteria = _criteria(older.criteria.all(), newer.criteria.all(), fields)
    return Difference(older, newer, texts, criteria)


def _who(old: Mapping[str, Any], new: Mapping[str, Any]) -> TextChange:
    before = old.get(WHO) or {}
    after = new.get(WHO) or {}
    parts = tuple(words(in_language(before), in_language(after)))
    op = SAME
    if any(part.op != SAME for part in parts):
        op = CHANGED
    elsewhere = op == SAME and before != after
    return TextChange(WHO, gettext_lazy("Who"), [Entry(op, parts)], elsewhere)


def _section(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> TextChange:
    before = old.get(key) or []
    after = new.get(key) or []
    lines = lists([in_language(each) for each in before], [in_language(each) for each in after])
    elsewhere = not has_changed(lines) and before != after
    return TextChange(key, SECTIONS[key], lines, elsewhere)


def _criteria(
    old: Iterable[Criterion], new: Iterable[Criterion], fields: Fields
) -> list[CriterionChange]:
    """Return the criteria that changed in the order of the newer version, gone ones last."""
    before = {criterion.code: criterion for criterion in old}
    after = {criterion.code: criterion for criterion in new}
    kept_before = [code for code in before if code in after]
    kept_after = [code for code in after if code in before]
    moved = {entry.text for entry in lists(kept_before, kept_after) if entry.op == MOVED}
    changes = []
    for code, criterion in after.items():
        if code not in before:
            changes.append(_alone(NEW, criterion, fields))
            continue
        change = _changed(before[code], criterion, fields, is_moved=code in moved)
        if change:
            changes.append(change)
    gone = [criterion for code, criterion in before.items() if code not in after]
    return changes + [_alone(GONE, criterion, fields) for criterion in gone]


def _alone(op: str, one: Criterion, fields: Fields) -> CriterionChange:
    """Return the change of a criterion that only one version has."""
    text = [Part(op, str(one))]
    rule = [Part(op, sentence(one, fields))]
    return CriterionChange(op, CriterionKind(one.kind), text, rule)


def _changed(
    old: Criterion, new: Criterion, fields: Fields, *, is_moved: bool
) -> CriterionChange | None:
    """Return the change of a criterion that both versions have, None if there is none."""
    notes = _notes(old, new)
    if is_moved:
        notes.append(_("Stands in another place"))
    text = words(str(old), str(new))
    rule = words(sentence(old, fields), sentence(new, fields))
    if not notes and all(part.op == SAME for part in (*text, *rule)):
        return None
    op = CHANGED
    if is_moved and len(notes) == 1 and old.text == new.text and _same_rule(old, new):
        op = MOVED
    return CriterionChange(op, CriterionKind(new.kind), text, rule, notes)


def _notes(old: Criterion, new: Criterion) -> list[str]:
    """Return what changed of a criterion besides its sentence, its rule and its place."""
    notes = []
    if old.kind != new.kind:
        kinds = {"before": CriterionKind(old.kind).label, "after": CriterionKind(new.kind).label}
        notes.append(_("Kind: %(before)s → %(after)s") % kinds)
    if old.weight != new.weight:
        points = {"before": old.weight, "after": new.weight}
        notes.append(_("Points: %(before)d → %(after)d") % points)
    if old.text != new.text and str(old) == str(new):
        notes.append(other_language())
    return notes


def _same_rule(old: Criterion, new: Criterion) -> bool:
    return (old.field, old.operator, old.operand) == (new.field, new.operator, new.operand)


def other_language() -> str:
    """Return a note about a change in the language that is not the reader's."""
    if _reader() == "en":
        return _("Only the Spanish wording changed")
    return _("Only the English wording changed")


def _reader() -> str:
    """Return the reader's language."""
    return (get_language() or LANGUAGES[0])[:2]


def sentence(one: Criterion, fields: Fields) -> str:
    """Return how the machine reads a criterion."""
    return reads(one.kind, one.field, one.operator, one.operand, fields)


def missing(version: PersonaVersion) -> list[str]:
    """Return the names of the parts of a version that lack a text in the reader's language."""
    content = version.content
    names: list[str] = []
    if documents.who(content).is_foreign:
        names.append(_("Who"))
    for key, label in SECTIONS.items():
        if any(entry.is_foreign for entry in documents.entries(content, key)):
            names.append(str(label))
    reader = _reader()
    if any(not criterion.text.get(reader) for criterion in version.criteria.all()):
        names.append(_("Criteria"))
    return names
