"""Two people saved the same draft: the parts that differ, each as both have it, and whose is
proposed to stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm.lib import edit_conflicts
from crm.lib.bilingual import in_language
from crm.lib.edit_conflicts import MINE
from personas.criteria import reads
from personas.documents import SECTIONS, WHO
from personas.fields import Fields
from personas.forms import draft_data as documents
from personas.forms.draft_data import Typed
from personas.forms.personas import LANGUAGE, operand

KEEP = "keep."


@dataclass(frozen=True)
class Pair:
    """One part of the document. ``choice``: mine, theirs, or empty where the person has to say."""

    unit: str
    label: str
    mine: list[str]
    theirs: list[str]
    choice: str

    @property
    def is_mine(self) -> bool:
        return self.choice == MINE


def kept(posted: QueryDict) -> dict[str, str]:
    """Choices already made, by part."""
    return {name.removeprefix(KEEP): str(posted[name]) for name in posted if name.startswith(KEEP)}


def pairs(
    was: str, mine: Typed, theirs: Typed, kept: Mapping[str, str], facts: Fields
) -> list[Pair]:
    """The parts that differ. ``was``: JSON of the parts as they were when the writing began."""
    ours, saved = documents.units(mine), documents.units(theirs)
    names = list(dict.fromkeys([*ours, *saved]))
    before = _read(was)
    found = edit_conflicts.compare(
        {name: _text(before.get(name)) for name in names},
        {name: _text(ours.get(name)) for name in names},
        {name: _text(saved.get(name)) for name in names},
        kept,
    )
    return [
        Pair(
            each.field,
            label(each.field, ours.get(each.field) or saved.get(each.field)),
            words(each.field, ours.get(each.field), ours, facts),
            words(each.field, saved.get(each.field), saved, facts),
            each.choice,
        )
        for each in found
    ]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _read(was: str) -> dict[str, Any]:
    try:
        found = json.loads(was)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def label(unit: str, value: Any) -> str:
    """What a part is called."""
    if unit in SECTIONS:
        return str(SECTIONS[unit])
    if unit == "order":
        return _("Order of the criteria")
    if unit.startswith(f"{WHO}-"):
        return _("Who · %(language)s") % {"language": LANGUAGE[unit.removeprefix(f"{WHO}-")]}
    return _("Criterion: %(sentence)s") % {"sentence": in_language(_sentence(value)) or "–"}


def words(unit: str, value: Any, whole: Mapping[str, Any], facts: Fields) -> list[str]:
    """A part as people read it, in lines."""
    if value is None:
        return [_("Not there")]
    if unit in SECTIONS:
        return [" / ".join(filter(None, (each["es"], each["en"]))) for each in value] or ["–"]
    if unit == "order":
        return [in_language(_sentence(whole.get(each))) or "–" for each in value] or ["–"]
    if isinstance(value, str):
        return [value or "–"]
    known = operand(value, facts)
    rule = reads(value["kind"], known["field"], known["operator"], known["operand"], facts)
    text = _sentence(value)
    points = _("%(count)s points") % {"count": value["weight"] or "–"}
    return [*filter(None, (text["es"], text["en"])), rule, points]


def _sentence(value: Any) -> dict[str, str]:
    return (
        {"es": value["es"], "en": value["en"]} if isinstance(value, dict) else {"es": "", "en": ""}
    )
