"""The parts that the text of an agreement is made of: sections of plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

Content = Mapping[str, Any]  # sla.agreements.content.content_of


@dataclass(frozen=True)
class TimelineStep:
    """One step of a ladder. ``tone`` and ``icon``: how the timeline draws it."""

    text: str
    icon: str
    tone: str


@dataclass(frozen=True)
class SectionLine:
    """One sentence, and the lines below it.

    ``key``: the same for the same sentence of every version. ``promises``: the metric that the text
    says nothing about, empty for every other line.
    """

    key: str
    text: str
    below: list[SectionLine] = field(default_factory=list)
    steps: list[TimelineStep] = field(default_factory=list)
    promises: str = ""


@dataclass(frozen=True)
class SectionBody:
    """What a section says.

    ``intro``: the sentence before its lines; ``quote``: text that people wrote themselves.
    """

    intro: str
    lines: list[SectionLine] = field(default_factory=list)
    quote: str = ""


@dataclass(frozen=True)
class Section:
    """A section of the text of an agreement, under its title."""

    key: str
    title: str | Promise
    intro: str
    lines: list[SectionLine]
    quote: str = ""


def marked(text: str, *, is_default: bool) -> str:
    """Return ``text``, with a note where it is a default that nobody has signed."""
    if not is_default:
        return text
    return _("%(text)s (The usual of Relevo: not signed yet, it joins the next draft.)") % {
        "text": text
    }


def sentences(section: Section | SectionBody) -> Iterator[tuple[str, str]]:
    """Yield every sentence with its key, in reading order: versions are compared by them."""
    if section.quote:
        yield "quote", section.quote
    if section.intro:
        yield "intro", section.intro
    yield from _sentences_of(section.lines)


def _sentences_of(lines: list[SectionLine], above: str = "") -> Iterator[tuple[str, str]]:
    for line in lines:
        # With the keys above it: two lines may have one key below different lines.
        key = f"{above}/{line.key}"
        yield key, line.text
        yield from _sentences_of(line.below, key)
        for number, step in enumerate(line.steps):
            yield f"{key}/step {number}", step.text
