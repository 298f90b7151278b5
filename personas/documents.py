"""The text of a persona: a description and lists of sentences, each in one or both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.text import clean_text

WHO = "who"
# The order is that of the page, of the form and of the comparison of two versions.
SECTIONS: dict[str, str | Promise] = {
    "goals": _("Goals"),
    "pains": _("Pains"),
    "behaviours": _("Behaviours"),
    "process": _("How they buy"),
    "objections": _("Objections"),
    "quotes": _("In their words"),
}
MOST_ENTRIES = 30
LONGEST_ENTRY = 1000
LONGEST_WHO = 6000

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Passage:
    """A text as one reader sees it.

    ``is_foreign`` means that it lacks the reader's language, so that the other one is shown.
    """

    text: str
    language: str
    is_foreign: bool

    @property
    def paragraphs(self) -> list[str]:
        lines = [line.strip() for line in self.text.split("\n")]
        return [line for line in lines if line]


def passage(value: Mapping[str, str] | None) -> Passage:
    """Return the text in the active language, else in the other one, marked as foreign."""
    active = get_language() or LANGUAGES[0]
    wanted = active[:2]
    language = wanted
    # An empty passage is not foreign: nothing is there to be translated.
    if value and not value.get(wanted):
        filled = [each for each in LANGUAGES if value.get(each)]
        language = next(iter(filled), wanted)
    text = in_language(value)
    is_foreign = language != wanted
    return Passage(text, language, is_foreign)


def who(content: Content) -> Passage:
    return passage(content.get(WHO))


def entries(content: Content, section: str) -> list[Passage]:
    """Return the sentences of one section in the active language."""
    return [passage(each) for each in content.get(section) or []]


def clean(content: Content) -> dict[str, Any]:
    """Return the content with cleaned texts, without empty entries and languages."""
    cleaned: dict[str, Any] = {WHO: _cleaned(content.get(WHO))}
    for section in SECTIONS:
        entries = content.get(section) or []
        texts = [_cleaned(entry) for entry in entries]
        cleaned[section] = [text for text in texts if text]
    return {key: value for key, value in cleaned.items() if value}


def _cleaned(value: Mapping[str, str] | None) -> dict[str, str]:
    """Return the texts of one entry, without those that are empty."""
    if not value:
        return {}
    texts = {}
    for language in LANGUAGES:
        text = clean_text(value.get(language) or "")
        if text:
            texts[language] = text
    return texts
