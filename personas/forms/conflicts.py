"""Two people saved the same draft: the parts of the document that differ.

Each part is shown as both have it, with a proposal which one stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from crm.lib import edit_conflicts
from crm.lib.bilingual import in_language
from crm.lib.edit_conflicts import MINE
from personas.criteria import reads
from personas.documents import SECTIONS, WHO
from personas.fields import Fields
from personas.forms import draft_data
from personas.forms.criterion import operand
from personas.forms.draft_data import DraftData
from personas.forms.personas import LANGUAGE


@dataclass(frozen=True)
class PartOfBoth:
    """One part of the document, as both people have it.

    ``choice`` is "mine", "theirs", or empty where the person has to choose.
    """

    unit: str
    label: str
    mine: list[str]
    theirs: list[str]
    choice: str

    @property
    def is_mine(self) -> bool:
        return self.choice == MINE


def parts(
    was: Mapping[str, Any],
    mine: DraftData,
    theirs: DraftData,
    chosen: Mapping[str, str],
    facts: Fields,
) -> list[PartOfBoth]:
    """Return the parts that differ.

    ``was`` holds the parts as they were when the writing began, ``chosen`` the choices made so far.
    """
    typed = draft_data.units(mine)
    saved = draft_data.units(theirs)
    names = list(dict.fromkeys([*typed, *saved]))
    differences = edit_conflicts.compare(
        {name: _text(was.get(name)) for name in names},
        {name: _text(typed.get(name)) for name in names},
        {name: _text(saved.get(name)) for name in names},
        chosen,
    )
    found = []
    for each in differences:
        unit = each.field
        title = label(unit, typed.get(unit) or saved.get(unit))
        lines = text(unit, typed.get(unit), typed, facts)
        saved_lines = text(unit, saved.get(unit), saved, facts)
        found.append(PartOfBoth(unit, title, lines, saved_lines, each.choice))
    return found


def _text(value: Any) -> str:
    """Return a value as text that is equal only for equal values."""
    return json.dumps(value, sort_keys=True)


def label(unit: str, value: Any) -> str:
    """Return the title of a part."""
    if unit in SECTIONS:
        return str(SECTIONS[unit])
    if unit == "order":
        return _("Order of the criteria")
    if unit.startswith(f"{WHO}-"):
        return _("Who · %(language)s") % {"language": LANGUAGE[unit.removeprefix(f"{WHO}-")]}
    return _("Criterion: %(sentence)s") % {"sentence": in_language(_sentence(value)) or "–"}


def text(unit: str, value: Any, whole: Mapping[str, Any], facts: Fields) -> list[str]:
    """Return a part as people read it, in lines."""
    if value is None:
        return [_("Not there")]
    if unit in SECTIONS:
        return [" / ".join(_filled(entry)) for entry in value] or ["–"]
    if unit == "order":
        return [in_language(_sentence(whole.get(name))) or "–" for name in value] or ["–"]
    if isinstance(value, str):
        return [value or "–"]
    known = operand(value, facts)
    rule = reads(value["kind"], known["field"], known["operator"], known["operand"], facts)
    points = _("%(count)s points") % {"count": value["weight"] or "–"}
    return [*_filled(_sentence(value)), rule, points]


def _filled(texts: Mapping[str, str]) -> list[str]:
    """Return the texts of a bilingual value that are not empty."""
    return [texts[language] for language in ("es", "en") if texts[language]]


def _sentence(criterion: Any) -> dict[str, str]:
    if not isinstance(criterion, dict):
        return {"es": "", "en": ""}
    return {"es": criterion["es"], "en": criterion["en"]}
