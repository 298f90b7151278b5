"""Compare two versions of a persona, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
from personas.documents import SECTIONS, WHO, Content
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
    for key in SECTIONS:
        parts.append(_section(key, older.content, newer.content))
    texts = [part for part in parts if part.elsewhere or has_changed(part.lines)]
    old_criteria = older.criteria.all()
    new_criteria = newer.criteria.all()
    criteria = _criteria(old_criteria, new_criteria, fields)
    return Difference(older, newer, texts, criteria)


def _who(old: Content, new: Content) -> TextChange:
    before = old.get(WHO) or {}
    after = new.get(WHO) or {}
    text_before = in_language(before)
    text_after = in_language(after)
    parts = tuple(words(text_before, text_after))
    op = SAME
    if any(part.op != SAME for part in parts):
        op = CHANGED
    # The stored texts differ and the shown ones do not: the change is in the other language.
    elsewhere = op == SAME and before != after
    return TextChange(
        key=WHO,
        label=gettext_lazy("Who"),
        lines=[Entry(op, parts)],
        elsewhere=elsewhere,
    )


def _section(key: str, old: Content, new: Content) -> TextChange:
    before = old.get(key) or []
    after = new.get(key) or []
    texts_before = [in_language(each) for each in before]
    texts_after = [in_language(each) for each in after]
    lines = lists(texts_before, texts_after)
    elsewhere = not has_changed(lines) and before != after
    return TextChange(
        key=key,
        label=SECTIONS[key],
        lines=lines,
        elsewhere=elsewhere,
    )


def _criteria(
    old: Iterable[Criterion], new: Iterable[Criterion], fields: Fields
) -> list[CriterionChange]:
    """Return the criteria that changed in the order of the newer version, gone ones last."""
    # By code: a criterion keeps it through every version, whatever becomes of its sentence.
    before = {criterion.code: criterion for criterion in old}
    after = {criterion.code: criterion for criterion in new}
    moved = _moved(before, after)
    changes = []
    for code, criterion in after.items():
        if code not in before:
            added = _alone(NEW, criterion, fields)
            changes.append(added)
            continue
        is_moved = code in moved
        change = _changed(before[code], criterion, fields, is_moved=is_moved)
        if change:
            changes.append(change)
    for code, criterion in before.items():
        if code not in after:
            removed = _alone(GONE, criterion, fields)
            changes.append(removed)
    return changes


def _moved(before: Mapping[str, Criterion], after: Mapping[str, Criterion]) -> set[str]:
    """Return the codes of the criteria that stand in another place."""
    # Among those that both versions have: a new first criterion moves no other one.
    kept_before = [code for code in before if code in after]
    kept_after = [code for code in after if code in before]
    entries = lists(kept_before, kept_after)
    return {entry.text for entry in entries if entry.op == MOVED}


def _alone(op: str, one: Criterion, fields: Fields) -> CriterionChange:
    """Return the change of a criterion that only one version has."""
    kind = CriterionKind(one.kind)
    text = Part(op, str(one))
    rule = Part(op, sentence(one, fields))
    return CriterionChange(op, kind, [text], [rule])


def _changed(
    old: Criterion, new: Criterion, fields: Fields, *, is_moved: bool
) -> CriterionChange | None:
    """Return the change of a criterion that both versions have, None if there is none."""
    notes = _notes(old, new)
    if is_moved:
        notes.append(_("Stands in another place"))
    text = words(str(old), str(new))
    rule_before = sentence(old, fields)
    rule_after = sentence(new, fields)
    rule = words(rule_before, rule_after)
    looks_same = all(part.op == SAME for part in (*text, *rule))
    if looks_same and not notes:
        return None
    op = CHANGED
    # The place is then the only note. The stored data are compared, not the shown sentences: two
    # operands may read alike in the reader's language and still judge differently.
    is_only_moved = is_moved and len(notes) == 1
    if is_only_moved and old.text == new.text and _same_rule(old, new):
        op = MOVED
    return CriterionChange(
        op=op,
        kind=CriterionKind(new.kind),
        parts=text,
        reads=rule,
        notes=notes,
    )


def _notes(old: Criterion, new: Criterion) -> list[str]:
    """Return what changed of a criterion besides its sentence, its rule and its place."""
    notes = []
    if old.kind != new.kind:
        kind_before = CriterionKind(old.kind)
        kind_after = CriterionKind(new.kind)
        kinds = {"before": kind_before.label, "after": kind_after.label}
        notes.append(_("Kind: %(before)s → %(after)s") % kinds)
    if old.weight != new.weight:
        points = {"before": old.weight, "after": new.weight}
        notes.append(_("Points: %(before)d → %(after)d") % points)
    if old.text != new.text and str(old) == str(new):
        notes.append(other_language())
    return notes


def _same_rule(old: Criterion, new: Criterion) -> bool:
    if old.field != new.field or old.operator != new.operator:
        return False
    return bool(old.operand == new.operand)


def other_language() -> str:
    """Return a note about a change in the language that is not the reader's."""
    if _reader() == "en":
        return _("Only the Spanish wording changed")
    return _("Only the English wording changed")


def _reader() -> str:
    """Return the reader's language."""
    # Django's answer is None outside any language, and may be one of our variants ("es-x-lead").
    active = get_language() or LANGUAGES[0]
    return active[:2]


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
        entries = documents.entries(content, key)
        if any(entry.is_foreign for entry in entries):
            names.append(str(label))
    reader = _reader()
    # .all() and a test in Python: the pages prefetch the criteria, a filter() would ask again.
    criteria = version.criteria.all()
    if any(not criterion.text.get(reader) for criterion in criteria):
        names.append(_("Criteria"))
    return names
