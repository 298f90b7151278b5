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
    # A criterion may be in one document only. The typed order comes first, as on the form.
    names = list(dict.fromkeys([*typed, *saved]))
    differences = edit_conflicts.compare(
        _as_texts(was, names),
        _as_texts(typed, names),
        _as_texts(saved, names),
        chosen,
    )
    parts_of_both = []
    for difference in differences:
        unit = difference.field
        typed_value = typed.get(unit)
        saved_value = saved.get(unit)
        part = PartOfBoth(
            unit=unit,
            label=label(unit, typed_value or saved_value),
            mine=text(unit, typed_value, typed, facts),
            theirs=text(unit, saved_value, saved, facts),
            choice=difference.choice,
        )
        parts_of_both.append(part)
    return parts_of_both


def _as_texts(values: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    """Return each value as text that is equal only for equal values."""
    # crm.lib.edit_conflicts compares texts. Sorted, because ``was`` comes back from the browser
    # and its keys may stand in another order.
    return {name: json.dumps(values.get(name), sort_keys=True) for name in names}


def label(unit: str, value: Any) -> str:
    """Return the title of a part."""
    if unit in SECTIONS:
        return str(SECTIONS[unit])
    if unit == "order":
        return _("Order of the criteria")
    if unit.startswith(f"{WHO}-"):
        language = unit.removeprefix(f"{WHO}-")
        return _("Who · %(language)s") % {"language": LANGUAGE[language]}
    sentence = in_language(_sentence(value))
    return _("Criterion: %(sentence)s") % {"sentence": sentence or "–"}


def text(unit: str, value: Any, whole: Mapping[str, Any], facts: Fields) -> list[str]:
    """Return a part as people read it, in lines."""
    if value is None:
        return [_("Not there")]
    if unit in SECTIONS:
        entries = [" / ".join(_filled(entry)) for entry in value]
        return entries or ["–"]
    if unit == "order":
        sentences = [in_language(_sentence(whole.get(name))) for name in value]
        return [sentence or "–" for sentence in sentences] or ["–"]
    if isinstance(value, str):
        return [value or "–"]
    known = operand(value, facts)
    rule = reads(
        value["kind"],
        known["field"],
        known["operator"],
        known["operand"],
        facts,
    )
    # As it was typed: the weight of an unsaved criterion need not be a number.
    points = _("%(count)s points") % {"count": value["weight"] or "–"}
    sentences = _filled(_sentence(value))
    return [*sentences, rule, points]


def _filled(texts: Mapping[str, str]) -> list[str]:
    """Return the texts of a bilingual value that are not empty."""
    return [texts[language] for language in ("es", "en") if texts[language]]


def _sentence(criterion: Any) -> dict[str, str]:
    # The order may name a criterion that the other document does not have.
    if not isinstance(criterion, dict):
        return {"es": "", "en": ""}
    return {"es": criterion["es"], "en": criterion["en"]}
