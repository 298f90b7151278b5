"""Words that differ between Spanish-speaking countries: "prospecto" or "lead", "ANS" or "SLA".

The Spanish catalogue is written with the first word of each pair. Each other choice is a compiled
variant of that catalogue, a language of its own for Django ("es-x-lead"), which holds only the
texts that differ; for all others Django falls back to Spanish. All four words are masculine, so the
sentence around them stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation import to_locale

LEAD = "lead"
AGREEMENT = "agreement"
CHOICES = {LEAD: ("prospecto", "lead"), AGREEMENT: ("ANS", "SLA")}
# Countries where people in marketing and sales use the English words; elsewhere the Spanish ones.
SAY_LEAD = ("ES", "AR", "CL", "UY", "PY")
SAY_SLA = ("ES", "AR", "CL", "UY")
SPANISH = "es"
# The variants by their two choices: the word for a lead, the word for the agreement.
VARIANTS = {
    ("prospecto", "ANS"): SPANISH,
    ("lead", "ANS"): "es-x-lead",
    ("prospecto", "SLA"): "es-x-sla",
    ("lead", "SLA"): "es-x-lead-sla",
}

Source = Callable[[], Mapping[str, str]]
_source: ContextVar[Source | None] = ContextVar("source of the chosen words", default=None)
_chosen: ContextVar[Mapping[str, str] | None] = ContextVar("chosen words", default=None)


def usual(country: str) -> dict[str, str]:
    """Return the usual words in ``country``, an ISO code or an empty string."""
    lead = CHOICES[LEAD][country in SAY_LEAD]
    agreement = CHOICES[AGREEMENT][country in SAY_SLA]
    return {LEAD: lead, AGREEMENT: agreement}


@contextmanager
def using(source: Source) -> Iterator[None]:
    """Use the words of ``source`` during a request or a task.

    The source is called at most once, when the first Spanish catalogue is activated.
    """
    source_token = _source.set(source)
    chosen_token = _chosen.set(None)
    try:
        yield
    finally:
        _source.reset(source_token)
        _chosen.reset(chosen_token)


def choose(words: Mapping[str, str]) -> None:
    """Use ``words`` until the end of the block of :func:`using`; its source is not called."""
    _chosen.set(words)


def current() -> Mapping[str, str]:
    """Return the words in use; without a source those that the catalogue is written with."""
    chosen = _chosen.get()
    source = _source.get()
    if chosen is None and source is not None:
        chosen = source()
        _chosen.set(chosen)
    written = {key: words[0] for key, words in CHOICES.items()}
    return written | dict(chosen or {})


def language(code: str) -> str:
    """Return the language to activate for ``code``: for Spanish the variant in use."""
    if code != SPANISH:
        return code
    words = current()
    return VARIANTS[words[LEAD], words[AGREEMENT]]


def override(code: str) -> AbstractContextManager[None]:
    """Activate the language ``code`` inside the block, in the words in use."""
    return translation.override(language(code))


def apply(text: str) -> str:
    """Return ``text``, which is in no catalogue, in the words in use."""
    words = current()
    return replace(text, words[LEAD], words[AGREEMENT])


def replace(text: str, lead: str, agreement: str) -> str:
    """Return ``text`` with the words ``lead`` and ``agreement``; number and capitals stay."""
    if lead == "lead":
        text = re.sub(r"\b(p)rospecto(s?)\b", _as_lead, text, flags=re.IGNORECASE)
    if agreement == "SLA":
        text = re.sub(r"\bANS\b", "SLA", text)
    return text


def _as_lead(match: re.Match[str]) -> str:
    first = "l"
    if match[1] == "P":
        first = "L"
    return f"{first}ead{match[2]}"


def compile_catalogues(folder: Path) -> None:
    """Write the variants of the Spanish catalogue below ``folder``, a folder of locales."""
    for words, code in VARIANTS.items():
        if code == SPANISH:
            continue
        with (folder / SPANISH / "LC_MESSAGES" / "django.po").open("rb") as file:
            catalogue = read_po(file, locale=SPANISH)
        for message in list(catalogue):
            texts = _variant(message.string, *words)
            # The message without an id is the header, which every catalogue needs.
            if texts == message.string and message.id:
                catalogue.delete(message.id, message.context)
            message.string = texts
        target = folder / to_locale(code) / "LC_MESSAGES"
        target.mkdir(parents=True, exist_ok=True)
        with (target / "django.mo").open("wb") as file:
            write_mo(file, catalogue)


def _variant(texts: Any, lead: str, agreement: str) -> Any:
    """Return the translation of one message: a text, or a tuple of its plural forms."""
    if isinstance(texts, str):
        return replace(texts, lead, agreement)
    return tuple(replace(text, lead, agreement) for text in texts)
