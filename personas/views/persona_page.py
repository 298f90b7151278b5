"""What the pages show of a persona: the document in the reader's language, its versions, and what
they did.
"""

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
class Rule:
    """A criterion: its sentence, and how the machine reads it."""

    text: Passage
    reads: str
    criterion: Criterion


@dataclass(frozen=True)
class Document:
    """A version as one reader sees it.

    ``untranslated``: the parts that are only there in the other language.
    """

    version: PersonaVersion
    who: Passage
    sections: list[tuple[str, str | Promise, list[Passage]]]
    quotes: list[Passage]
    rules: list[tuple[CriterionKind, list[Rule]]]
    untranslated: list[str]

    @property
    def is_blank(self) -> bool:
        return not (self.who.text or self.sections or self.quotes or self.rules)


def document(version: PersonaVersion, facts: Fields) -> Document:
    """``version`` in the active language."""
    content = version.content
    found = [
        (key, label, documents.entries(content, key))
        for key, label in SECTIONS.items()
        if key != QUOTES
    ]
    rows = version.criteria.all()
    return Document(
        version=version,
        who=documents.who(content),
        sections=[each for each in found if each[2]],
        quotes=documents.entries(content, QUOTES),
        rules=[
            (kind, [_rule(each, facts) for each in of_kind])
            for kind, of_kind in criteria.grouped(rows)
        ],
        untranslated=differences.missing(version),
    )


def _rule(one: Criterion, facts: Fields) -> Rule:
    return Rule(documents.passage(one.text), differences.sentence(one, facts), one)


@dataclass(frozen=True)
class Card:
    """A persona in the list of them: the version in use and the draft, each None where there is
    none.
    """

    persona: Persona
    published: PersonaVersion | None
    draft: PersonaVersion | None

    @property
    def who(self) -> Passage:
        shown = self.published or self.draft
        return documents.who(shown.content if shown else {})


def cards(rows: list[Persona]) -> list[Card]:
    """Personas as catalogue.everything gives them."""
    found = []
    for persona in rows:
        current: list[PersonaVersion] = persona.current  # type: ignore[attr-defined]  # read beforehand
        by_state = {version.state: version for version in current}
        found.append(
            Card(persona, by_state.get(VersionState.PUBLISHED), by_state.get(VersionState.DRAFT))
        )
    return found
