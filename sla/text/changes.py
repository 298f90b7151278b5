"""What changed between two versions of an agreement, sentence by sentence.

Takes and gives sentences only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from crm.lib import differences
from crm.lib.differences import CHANGED, GONE, NEW, Part
from sla.text.agreement import Section, sentences


@dataclass(frozen=True)
class Change:
    """One sentence: ``op`` is ``new``, ``gone`` or ``changed``; ``parts`` mark the words."""

    op: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Changed:
    """What changed in one section."""

    key: str
    title: str | Promise
    changes: list[Change]


def between(old: Sequence[Section], new: Sequence[Section]) -> list[Changed]:
    """The sections that differ, in the order of the text."""
    before = {section.key: section for section in old}
    found = [
        Changed(after.key, after.title, of_section(before.get(after.key), after)) for after in new
    ]
    return [each for each in found if each.changes]


def of_section(old: Section | None, new: Section) -> list[Change]:
    """Sentences with the same key are one sentence that changed; the others are gone or new, each
    at its place.
    """
    before = dict(sentences(old)) if old else {}
    after = dict(sentences(new))
    found = []
    for key, text in after.items():
        if key not in before:
            found.append(Change(NEW, (Part(NEW, text),)))
        elif before[key] != text:
            found.append(Change(CHANGED, tuple(differences.words(before[key], text))))
    gone = [Change(GONE, (Part(GONE, text),)) for key, text in before.items() if key not in after]
    return found + gone
