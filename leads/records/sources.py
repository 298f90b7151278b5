"""The catalogue of sources, and how the values of other systems find one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from crm.lib import catalogue
from crm.lib.bilingual import LANGUAGES
from crm.lib.text import clean_line, fold
from leads.models import Source

MACHINE_WORD = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")


def code_of(value: str) -> str:
    """Return the code for another system's value: "Paid Search" is "paid_search".

    A value without Latin letters gets a hash.
    """
    code = re.sub(r"[^a-z0-9]+", "_", fold(value)).strip("_")
    if code and len(code) <= 60:
        return code
    # 45 + 1 + 12 characters fit the column (60); the hash keeps long values apart.
    return f"{code[:45]}_{hashlib.sha256(value.encode()).hexdigest()[:12]}".strip("_")


def known() -> dict[str, Source]:
    """Return every source by its code, and by the code of its name in each language.

    Where the two are equal, the code itself wins.
    """
    rows = list(Source.objects.all())
    by_code: dict[str, Source] = {}
    # Archived ones as well: a code is unique, so a new source could not take it.
    for row in rows:
        for language in LANGUAGES:
            name = row.name.get(language)
            if name:
                by_code[code_of(name)] = row
    # After the names, so that a code replaces an equal name of another source.
    for row in rows:
        by_code[row.code] = row
    return by_code


def find_or_create(
    values: Iterable[str], names: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Source], list[Source]]:
    """Return the source of each value, and the sources that were created.

    ``names`` are bilingual names by code; a new source without one is named by :func:`readable`.
    """
    sources = known()
    fresh: dict[str, Source] = {}
    for value in values:
        code = code_of(value)
        if code in sources or code in fresh:
            continue
        name = names.get(code) or dict.fromkeys(LANGUAGES, readable(value))
        fresh[code] = Source(code=code, name=dict(name))
    if fresh:
        first = catalogue.last_position(Source)
        for position, row in enumerate(fresh.values(), start=first):
            row.position = min(position, catalogue.LAST_POSITION)
        Source.objects.bulk_create(fresh.values())
        sources |= fresh
    return {value: sources[code_of(value)] for value in values}, list(fresh.values())


def readable(value: str) -> str:
    """Return a machine's value as people read it: "direct_traffic" is "Direct traffic"."""
    # Only texts without capitals and spaces: "LinkedIn Ads" stays as a person wrote it.
    if MACHINE_WORD.fullmatch(value):
        return re.sub("[_-]", " ", value).capitalize()
    return clean_line(value)
