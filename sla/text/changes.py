"""What changed between two versions of an agreement, sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from crm.lib import differences
from crm.lib.differences import CHANGED, GONE, NEW, Part
from sla.text.sections import Section, sentences


@dataclass(frozen=True)
class SentenceChange:
    """One sentence: ``op`` is ``new``, ``gone`` or ``changed``; ``parts`` mark the words."""

    op: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SectionChanges:
    """The changes in one section."""

    key: str
    title: str | Promise
    changes: list[SentenceChange]


def between(old: Sequence[Section], new: Sequence[Section]) -> list[SectionChanges]:
    """Return the sections that differ, in the order of the text."""
    before = {section.key: section for section in old}
    sections = []
    for section in new:
        changes = changes_in(before.get(section.key), section)
        if changes:
            sections.append(SectionChanges(section.key, section.title, changes))
    return sections


def changes_in(old: Section | None, new: Section) -> list[SentenceChange]:
    """Return the changes in a section: sentences with the same key are the same sentence.

    New and changed ones come in the order of the new text, then those that are gone.
    """
    before = {} if old is None else dict(sentences(old))
    after = dict(sentences(new))
    changes = []
    for key, text in after.items():
        if key not in before:
            changes.append(_whole(NEW, text))
        elif before[key] != text:
            parts = differences.words(before[key], text)
            changes.append(SentenceChange(CHANGED, tuple(parts)))
    for key, text in before.items():
        if key not in after:
            changes.append(_whole(GONE, text))
    return changes


def _whole(op: str, text: str) -> SentenceChange:
    """Return the change of a sentence that is new or gone as a whole."""
    part = Part(op, text)
    return SentenceChange(op, (part,))
