"""What the pages show of a persona: its document in the reader's language, and its versions."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise

from personas import criteria, differences, documents
from personas.documents import SECTIONS, Passage
from personas.fields import Fields
from personas.models import Criterion, Persona, PersonaVersion
from personas.states import CriterionKind, VersionState

QUOTES = "quotes"


@dataclass(frozen=True)
class CriterionText:
    """A criterion: its sentence, and how the machine reads it."""

    text: Passage
    reads: str
    criterion: Criterion


@dataclass(frozen=True)
class Document:
    """A version as one reader sees it.

    ``untranslated`` names the parts that have a text only in the other language.
    """

    version: PersonaVersion
    who: Passage
    sections: list[tuple[str, str | Promise, list[Passage]]]
    quotes: list[Passage]
    rules: list[tuple[CriterionKind, list[CriterionText]]]
    untranslated: list[str]

    @property
    def is_blank(self) -> bool:
        return not (self.who.text or self.sections or self.quotes or self.rules)


def document(version: PersonaVersion, facts: Fields) -> Document:
    """Return ``version`` in the active language."""
    content = version.content
    sections = []
    for key, label in SECTIONS.items():
        entries = documents.entries(content, key)
        # Quotes stand apart on the page, in the look of quotations.
        if entries and key != QUOTES:
            sections.append((key, label, entries))
    rules = []
    for kind, rows in criteria.grouped(version.criteria.all()):
        texts = [_criterion_text(row, facts) for row in rows]
        rules.append((kind, texts))
    return Document(
        version=version,
        who=documents.who(content),
        sections=sections,
        quotes=documents.entries(content, QUOTES),
        rules=rules,
        untranslated=differences.missing(version),
    )


def _criterion_text(one: Criterion, facts: Fields) -> CriterionText:
    text = documents.passage(one.text)
    reads = differences.sentence(one, facts)
    return CriterionText(text, reads, one)


@dataclass(frozen=True)
class Card:
    """A persona in the list: the version in use and the draft, None where there is none."""

    persona: Persona
    published: PersonaVersion | None
    draft: PersonaVersion | None

    @property
    def who(self) -> Passage:
        shown = self.published or self.draft
        if shown is None:
            return documents.who({})
        return documents.who(shown.content)


def cards(rows: list[Persona]) -> list[Card]:
    """Return the cards of personas that personas.personas.everything fetched."""
    shown = []
    for persona in rows:
        current: list[PersonaVersion] = persona.current  # type: ignore[attr-defined]  # prefetched
        by_state = {version.state: version for version in current}
        published = by_state.get(VersionState.PUBLISHED)
        draft = by_state.get(VersionState.DRAFT)
        shown.append(Card(persona, published, draft))
    return shown
