"""What the screens say, in the language of the person who reads them."""

from __future__ import annotations

import gettext
from functools import lru_cache

from tests.harness.prepared import ROOT

LANGUAGES = ("es", "en")
SAME = {"Buyer persona"}  # one word in both languages, says the glossary


@lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of the product as shipped; English is the language of the code."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.translation("django", str(ROOT / "crm" / "locale"), [language])


class Words:
    """``say("%(lead)s is logged.", lead=…)``: the very sentence that a person with this
    language sees.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, **values: object) -> str:
        found = catalogue(self.language).gettext(text)
        assert self.language == "en" or found != text or text in SAME, (
            f"{text!r} is not translated to {self.language}"
        )
        return found % values if values else found

    def either(self, **by_language: str) -> str:
        """The one of the texts written here: for words of the data, and for words that must
        be these.
        """
        return by_language[self.language]
