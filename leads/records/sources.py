"""Where leads come from: the catalogue, as other systems' words find it."""

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
    """The code for another system's word: "Paid Search" -> "paid_search".

    Words that have none get a hash.
    """
    code = re.sub(r"[^a-z0-9]+", "_", fold(value)).strip("_")
    if code and len(code) <= 60:
        return code
    return f"{code[:45]}_{hashlib.sha256(value.encode()).hexdigest()[:12]}".strip("_")


def known() -> dict[str, Source]:
    """Every source by its code and by the code of its name in each language; the code itself goes
    first.
    """
    rows = list(Source.objects.all())
    found = {
        code_of(row.name[language]): row
        for row in rows
        for language in LANGUAGES
        if row.name.get(language)
    }
    return found | {row.code: row for row in rows}


def find_or_create(
    values: Iterable[str], names: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Source], list[Source]]:
    """``{value: source}``, and the sources created for it, named by ``names`` (by code) or
    readably.
    """
    sources = known()
    fresh: dict[str, Source] = {}
    for value in values:
        code = code_of(value)
        if code not in sources and code not in fresh:
            fresh[code] = Source(
                code=code, name=dict(names.get(code) or dict.fromkeys(LANGUAGES, readable(value)))
            )
    if fresh:
        first = catalogue.last_position(Source)
        for position, row in enumerate(fresh.values(), start=first):
            row.position = min(position, catalogue.LAST_POSITION)
        Source.objects.bulk_create(fresh.values())
        sources |= fresh
    return {value: sources[code_of(value)] for value in values}, list(fresh.values())


def readable(value: str) -> str:
    """A machine's word as people read it: "direct_traffic" -> "Direct traffic"; other words stay as
    they are.
    """
    return (
        re.sub("[_-]", " ", value).capitalize()
        if MACHINE_WORD.fullmatch(value)
        else clean_line(value)
    )
