"""What changed between two versions of a persona, in the reader's language and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
class Text:
    """One part of the document. ``elsewhere``: only its wording in the other language changed."""

    key: str
    label: str | Promise
    lines: list[Entry]
    elsewhere: bool = False


@dataclass(frozen=True)
class Change:
    """One criterion: ``op`` is new, gone, changed or moved.

    ``notes``: what changed besides its words, in words.
    """

    op: str
    kind: CriterionKind
    parts: list[Part]
    reads: list[Part]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """Only what changed; empty lists where nothing did."""

    older: PersonaVersion
    newer: PersonaVersion
    texts: list[Text]
    criteria: list[Change]

    @property
    def is_empty(self) -> bool:
        return not (self.texts or self.criteria)


def between(older: PersonaVersion, newer: PersonaVersion, fields: Fields) -> Difference:
    """From ``older`` to ``newer``. ``fields``: the names of what criteria ask for."""
    found = [_who(older.content, newer.content)]
    found += [_section(key, older.content, newer.content) for key in SECTIONS]
    texts = [each for each in found if each.elsewhere or has_changed(each.lines)]
    return Difference(
        older, newer, texts, _criteria(older.criteria.all(), newer.criteria.all(), fields)
    )


def _who(old: Mapping[str, Any], new: Mapping[str, Any]) -> Text:
    before, after = old.get(WHO) or {}, new.get(WHO) or {}
    parts = tuple(words(in_language(before), in_language(after)))
    lines = [Entry(CHANGED if any(part.op != SAME for part in parts) else SAME, parts)]
    return Text(WHO, gettext_lazy("Who"), lines, not has_changed(lines) and before != after)


def _section(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Text:
    before, after = old.get(key) or [], new.get(key) or []
    lines = lists([in_language(each) for each in before], [in_language(each) for each in after])
    return Text(key, SECTIONS[key], lines, not has_changed(lines) and before != after)


def _criteria(old: Iterable[Criterion], new: Iterable[Criterion], fields: Fields) -> list[Change]:
    before, after = {each.code: each for each in old}, {each.code: each for each in new}
    place = _moved(
        [code for code in before if code in after], [code for code in after if code in before]
    )
    found = []
    for code, each in after.items():
        if code not in before:
            found.append(_alone(NEW, each, fields))
        elif change := _changed(before[code], each, fields, is_moved=code in place):
            found.append(change)
    return found + [
        _alone(GONE, each, fields) for code, each in before.items() if code not in after
    ]


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    return {line.text for line in lists(old, new) if line.op == MOVED}


def _alone(op: str, one: Criterion, fields: Fields) -> Change:
    return Change(
        op, CriterionKind(one.kind), [Part(op, str(one))], [Part(op, sentence(one, fields))]
    )


def _changed(old: Criterion, new: Criterion, fields: Fields, *, is_moved: bool) -> Change | None:
    """What differs of one criterion, None if nothing does."""
    notes = []
    if old.kind != new.kind:
        kinds = {"before": CriterionKind(old.kind).label, "after": CriterionKind(new.kind).label}
        notes.append(_("Kind: %(before)s → %(after)s") % kinds)
    if old.weight != new.weight:
        notes.append(
            _("Points: %(before)d → %(after)d") % {"before": old.weight, "after": new.weight}
        )
    text, rule = words(str(old), str(new)), words(sentence(old, fields), sentence(new, fields))
    if old.text != new.text and str(old) == str(new):
        notes.append(other_language())
    if is_moved:
        notes.append(_("Stands in another place"))
    if not notes and all(part.op == SAME for part in (*text, *rule)):
        return None
    op = (
        MOVED
        if is_moved and len(notes) == 1 and old.text == new.text and _same_rule(old, new)
        else CHANGED
    )
    return Change(op, CriterionKind(new.kind), text, rule, notes)


def _same_rule(old: Criterion, new: Criterion) -> bool:
    return (old.field, old.operator, old.operand) == (new.field, new.operator, new.operand)


def other_language() -> str:
    """Says in which language the wording changed, where it is not the reader's."""
    reader = (get_language() or LANGUAGES[0])[:2]
    return (
        _("Only the Spanish wording changed")
        if reader == "en"
        else _("Only the English wording changed")
    )


def sentence(one: Criterion, fields: Fields) -> str:
    """How the machine reads a criterion."""
    return reads(one.kind, one.field, one.operator, one.operand, fields)


def missing(version: PersonaVersion) -> list[str]:
    """Parts of a version that are not there in the reader's language, by name."""
    wanted = (get_language() or LANGUAGES[0])[:2]
    content = version.content
    found = [str(_("Who"))] if documents.who(content).is_foreign else []
    found += [
        str(label)
        for key, label in SECTIONS.items()
        if any(each.is_foreign for each in documents.entries(content, key))
    ]
    if any(not each.text.get(wanted) for each in version.criteria.all()):
        found.append(_("Criteria"))
    return found
