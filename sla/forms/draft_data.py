"""A draft as flat data, one entry for each thing that two people may change apart; and back into
what drafts takes.

Keys are the terms' names and ``promise <key>`` (document.key_of) for each commitment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import User
from crm.lib.bilingual import LANGUAGES, in_language
from crm.lib.number_formats import day_words
from personas.models import Persona
from personas.states import CriterionKind
from sla.agreements import drafts
from sla.models import AgreementVersion, Calendar, RejectionReason
from sla.states import Distribution, Metric, Proof
from sla.text import commitments as words
from sla.text.obligations import key_of

Flat = dict[str, Any]
PROMISE = "promise "

LABELS: dict[str, Promise] = {
    "mql_definition": gettext_lazy("Definition of an MQL"),
    "personas": gettext_lazy("Buyer personas that count"),
    "valuable_actions": gettext_lazy("Valuable actions that count"),
    "minimum_score": gettext_lazy("Least fit score"),
    "engagement_half_life_days": gettext_lazy("Days until engagement halves"),
    "sql_definition": gettext_lazy("Definition of an SQL"),
    "sql_blocks": gettext_lazy("Without evidence these block"),
    "sql_terms": gettext_lazy("Criteria that differ from their kind"),
    "package_fields": gettext_lazy("Data that come with each lead"),
    "calendar": gettext_lazy("Calendar"),
    "reasons": gettext_lazy("Reasons to reject a lead"),
    "distribution": gettext_lazy("How a lead finds its rep"),
    "rep_cap": gettext_lazy("Open leads of a rep at most"),
    "hide_contact": gettext_lazy("Sales sees phone and e-mail only after accepting"),
    "pauses": gettext_lazy("Reasons to pause a clock"),
    "max_returns": gettext_lazy("Returns before the arbiter decides"),
    "arbiter": gettext_lazy("Arbiter"),
    "capacity": gettext_lazy("Leads a month that sales can work"),
    "index_weights": gettext_lazy("What weighs how much"),
    "starts_on": gettext_lazy("In force from"),
    "renew_by": gettext_lazy("Look at it again by"),
}


def of_version(version: AgreementVersion) -> Flat:
    """What the draft says now."""
    names = [name for name in LABELS if name not in ("personas", "reasons", "calendar", "arbiter")]
    found: Flat = {name: getattr(version, name) for name in names}
    for name in ("starts_on", "renew_by"):
        found[name] = found[name] and found[name].isoformat()
    found["personas"] = sorted(version.personas.values_list("slug", flat=True))
    found["reasons"] = sorted(version.rejection_reasons.values_list("code", flat=True))
    return (
        found
        | {"calendar": version.calendar_id, "arbiter": version.arbiter_id}
        | promises(drafts.commitments_of(version))
    )


def promises(rows: Iterable[Mapping[str, Any]]) -> Flat:
    """Commitments, each under its own key; the second of two with the same key gets a number."""
    found: Flat = {}
    for row in rows:
        conditions = {key: codes for key, codes in (row["conditions"] or {}).items() if codes}
        plain = {
            "side": row["side"],
            "metric": str(row["metric"]),
            "target": f"{Decimal(row['target']).normalize():f}",
            "window_minutes": row["window_minutes"],
            "conditions": conditions,
            "steps": [[str(kind), offset] for kind, offset in row["steps"]],
        }
        key = name = f"{PROMISE}{key_of(plain)}"
        while name in found:
            name += " +"
        found[name if key in found else key] = plain
    return found


def texts(flat: Flat) -> dict[str, str]:
    """Each entry as a text that is the same when it says the same."""
    ordered = {
        name: sorted(value) if isinstance(value, list) else value for name, value in flat.items()
    }
    return {
        name: json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
        for name, value in ordered.items()
    }


def for_edit(flat: Flat) -> dict[str, Any]:
    """What drafts.edit takes."""
    terms = {name: value for name, value in flat.items() if name in LABELS}
    for name in ("starts_on", "renew_by"):
        terms[name] = date.fromisoformat(terms[name]) if terms[name] else None
    terms["personas"] = list(Persona.objects.filter(slug__in=terms["personas"]))
    terms["reasons"] = list(RejectionReason.objects.filter(code__in=terms["reasons"]))
    terms["calendar"] = Calendar.objects.get(pk=terms["calendar"])
    terms["arbiter"] = (
        User.objects.filter(pk=terms["arbiter"]).first() if terms["arbiter"] else None
    )
    rows = [
        {
            **value,
            "target": Decimal(value["target"]),
            "steps": [tuple(step) for step in value["steps"]],
        }
        for name, value in flat.items()
        if name.startswith(PROMISE)
    ]
    return {**terms, "commitments": rows}


def label(name: str) -> str:
    """What people call the entry."""
    if name.startswith(PROMISE):
        return str(Metric(name.removeprefix(PROMISE).split(" ")[0]).label)
    return str(LABELS[name])


def say(name: str, text: str, names: words.Names) -> str:
    """The entry in words. ``text``: of :func:`texts`; empty: it is not there."""
    value = json.loads(text) if text else None
    if value in (None, [], {}, ""):
        return _("– nothing –")
    if name.startswith(PROMISE):
        return words.full_sentence(value, names)
    kinds = {"valuable_actions": "actions", "package_fields": "fields", "personas": "personas"}
    if name in kinds:
        return ", ".join(words.name_of(kinds[name], code, names) for code in value)
    return _SAY.get(name, lambda value, names: str(value))(value, names)


def _reasons(codes: list[str], names: words.Names) -> str:
    return ", ".join(
        in_language(row.name) for row in RejectionReason.objects.filter(code__in=codes)
    )


def _proofs(terms: dict[str, str], names: words.Names) -> str:
    return ", ".join(
        f"{words.name_of('criteria', code, names)}: {Proof(term).label}"
        for code, term in terms.items()
    )


_SAY: dict[str, Any] = {
    "mql_definition": lambda value, names: " / ".join(
        value[key] for key in LANGUAGES if value.get(key)
    ),
    "sql_definition": lambda value, names: " / ".join(
        value[key] for key in LANGUAGES if value.get(key)
    ),
    "sql_blocks": lambda value, names: ", ".join(str(CriterionKind(kind).label) for kind in value),
    "sql_terms": _proofs,
    "reasons": _reasons,
    "calendar": lambda value, names: str(Calendar.objects.get(pk=value)),
    "arbiter": lambda value, names: str(User.objects.get(pk=value)),
    "pauses": lambda value, names: "; ".join(
        f"{words.name_of('pauses', code, names)}: {words.wall_time(minutes)}"
        for code, minutes in value.items()
    ),
    "distribution": lambda value, names: str(Distribution(value).label),
    "hide_contact": lambda value, names: _("Yes") if value else _("No"),
    "index_weights": lambda value, names: ", ".join(
        f"{Metric(key).label}: {w} %" for key, w in value.items()
    ),
    "starts_on": lambda value, names: day_words(date.fromisoformat(value)),
    "renew_by": lambda value, names: day_words(date.fromisoformat(value)),
}
