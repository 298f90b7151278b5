"""The text of a persona: who it is, and lists of sentences, each in Spanish, in English, or in
both.
"""

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
# In the order in which a persona is read.
SECTIONS: dict[str, str | Promise] = {
    "goals": _("Goals"),
    "pains": _("Pains"),
    "behaviours": _("Behaviours"),
    "process": _("How they buy"),
    "objections": _("Objections"),
    "quotes": _("In their words"),
}
MOST_ENTRIES, LONGEST_ENTRY, LONGEST_WHO = 30, 1000, 6000

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Passage:
    """A text as one reader sees it.

    ``is_foreign``: it is not there in the reader's language, so it is the other's.
    """

    text: str
    language: str
    is_foreign: bool

    @property
    def paragraphs(self) -> list[str]:
        return [each.strip() for each in self.text.split("\n") if each.strip()]


def passage(value: Mapping[str, str] | None) -> Passage:
    """The text in the active language, else in the other one, marked."""
    wanted = (get_language() or LANGUAGES[0])[:2]
    if value and value.get(wanted):
        return Passage(value[wanted], wanted, False)
    other = next((each for each in LANGUAGES if value and value.get(each)), wanted)
    return Passage(in_language(value), other, other != wanted)


def who(content: Content) -> Passage:
    return passage(content.get(WHO))


def entries(content: Content, section: str) -> list[Passage]:
    """The sentences of one section in the active language."""
    return [passage(each) for each in content.get(section) or []]


def tidy(content: Content) -> dict[str, Any]:
    """The same cleaned by the rule for texts, without entries and languages that say nothing."""
    found: dict[str, Any] = {WHO: _cleaned(content.get(WHO))}
    for section in SECTIONS:
        found[section] = [text for each in content.get(section) or [] if (text := _cleaned(each))]
    return {key: value for key, value in found.items() if value}


def _cleaned(value: Mapping[str, str] | None) -> dict[str, str]:
    read = {language: clean_text((value or {}).get(language) or "") for language in LANGUAGES}
    return {language: text for language, text in read.items() if text}
