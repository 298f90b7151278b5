"""Words that differ between Spanish-speaking countries: "prospecto" or "lead", "ANS" or "SLA".

The Spanish catalogue is written with the first of each pair. An installation chooses, and every
text that goes through the catalogue or :func:`apply` says the other one. All four are masculine, so
the sentence around them stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from django.utils.translation import trans_real

LEAD, AGREEMENT = "lead", "agreement"
CHOICES = {LEAD: ("prospecto", "lead"), AGREEMENT: ("ANS", "SLA")}
# Where people in marketing and sales say the English words. Everywhere else: the first of each
# pair.
SAY_LEAD = ("ES", "AR", "CL", "UY", "PY")
SAY_SLA = ("ES", "AR", "CL", "UY")

Source = Callable[[], Mapping[str, str]]
_source: ContextVar[Source | None] = ContextVar("terms", default=None)
_chosen: ContextVar[Mapping[str, str] | None] = ContextVar("terms chosen", default=None)


def usual(country: str) -> dict[str, str]:
    """What people in ``country`` (ISO code, or nothing) say."""
    lead, agreement = CHOICES[LEAD][country in SAY_LEAD], CHOICES[AGREEMENT][country in SAY_SLA]
    return {LEAD: lead, AGREEMENT: agreement}


@contextmanager
def using(source: Source) -> Iterator[None]:
    """For the time of a request or a task the words are those of ``source``, which is asked once
    and only if a Spanish text is said.
    """
    tokens = _source.set(source), _chosen.set(None)
    try:
        yield
    finally:
        _source.reset(tokens[0])
        _chosen.reset(tokens[1])


def current() -> Mapping[str, str]:
    """The words in use; empty: as the catalogue is written."""
    chosen, source = _chosen.get(), _source.get()
    if chosen is None and source is not None:
        _chosen.set({})  # asking may say a text itself
        chosen = {key: word for key, word in source().items() if word != CHOICES[key][0]}
        _chosen.set(chosen)
    return chosen or {}


def mark() -> str:
    """A short text that differs with the words in use: what keeps texts keeps them by it."""
    return " ".join(word for _key, word in sorted(current().items()))


def apply(text: str) -> str:
    """``text`` in the words in use."""
    words = current()
    return said(text, words.get(LEAD, ""), words.get(AGREEMENT, "")) if words else text


@lru_cache(maxsize=8192)
def said(text: str, lead: str, agreement: str) -> str:
    """``text`` with the words ``lead`` and ``agreement``, in the number and the capitals that it
    has.
    """
    if lead == "lead":
        text = re.sub(
            r"\b(p)rospecto(s?)\b",
            lambda m: ("L" if m[1] == "P" else "l") + "ead" + m[2],
            text,
            flags=re.I,
        )
    if agreement == "SLA":
        text = re.sub(r"\bANS\b", "SLA", text)
    return text


class Catalogue(trans_real.TranslationCatalog):
    """Django's catalogue of one language, in the words in use."""

    def __getitem__(self, key: Any) -> Any:
        return _put(super().__getitem__(key))

    def get(self, key: Any, default: Any = None) -> Any:
        return _put(super().get(key, default))

    def plural(self, msgid: str, num: int) -> Any:
        return _put(super().plural(msgid, num))


def _put(found: Any) -> Any:
    return apply(found) if isinstance(found, str) and found else found


def install() -> None:
    """Have the Spanish catalogue of this process speak in the words in use."""
    spanish: Any = trans_real.translation("es")
    if not isinstance(spanish._catalog, Catalogue):
        ours: Any = Catalogue()
        ours._catalogs, ours._plurals = spanish._catalog._catalogs, spanish._catalog._plurals
        spanish._catalog = ours
