"""A draft as flat data: one entry for each part that two people may change independently.

Keys are the names of terms, and ``promise <key>`` (obligations.key_of) for each commitment.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
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
from sla.text import commitments
from sla.text.commitments import Names, name_of
from sla.text.obligations import key_of

Flat = dict[str, Any]
COMMITMENT = "promise "  # the beginning of the keys of commitments
DATES = ("starts_on", "renew_by")
RELATIONS = ("personas", "reasons", "calendar", "arbiter")

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
    "dispute_days": gettext_lazy("Working days to decide a dispute"),
    "review_months": gettext_lazy("Months between two reviews of a buyer persona"),
    "capacity": gettext_lazy("Leads a month that sales can work"),
    "index_weights": gettext_lazy("What weighs how much"),
    "starts_on": gettext_lazy("In force from"),
    "renew_by": gettext_lazy("Look at it again by"),
}


def of_version(version: AgreementVersion) -> Flat:
    """Return the stored draft as flat data."""
    flat: Flat = {}
    for name in LABELS:
        if name not in RELATIONS:
            flat[name] = getattr(version, name)
    for name in DATES:
        flat[name] = flat[name] and flat[name].isoformat()
    slugs = version.personas.values_list("slug", flat=True)
    codes = version.rejection_reasons.values_list("code", flat=True)
    # Rows of a relation come in any order, which would read as a difference.
    flat["personas"] = sorted(slugs)
    flat["reasons"] = sorted(codes)
    flat["calendar"] = version.calendar_id
    flat["arbiter"] = version.arbiter_id
    return flat | of_commitments(drafts.commitments_of(version))


def of_commitments(rows: Iterable[Mapping[str, Any]]) -> Flat:
    """Return commitments, each under its own key; a second one with the same key gets a mark."""
    flat: Flat = {}
    for row in rows:
        commitment = _plain(row)
        key = f"{COMMITMENT}{key_of(commitment)}"
        # The editor may hold two for the same leads; the draft is refused when it is proposed.
        while key in flat:
            key += " +"
        flat[key] = commitment
    return flat


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a commitment as plain JSON data, equal for equal commitments."""
    conditions = row["conditions"] or {}
    # 0.9 and 0.9000 are one promise; without normalize() they would be a difference.
    target = Decimal(row["target"]).normalize()
    steps = [[str(kind), offset] for kind, offset in row["steps"]]
    return {
        "side": row["side"],
        "metric": str(row["metric"]),
        "target": f"{target:f}",
        "window_minutes": row["window_minutes"],
        "conditions": {key: codes for key, codes in conditions.items() if codes},
        "steps": steps,
    }


def texts(flat: Flat) -> dict[str, str]:
    """Return each entry as JSON text, equal for entries that say the same."""
    return {name: _json(value) for name, value in flat.items()}


def _json(value: Any) -> str:
    # Lists of codes are sets: their order says nothing.
    ordered = value
    if isinstance(value, list):
        ordered = sorted(value)
    return json.dumps(
        ordered,
        sort_keys=True,
        ensure_ascii=False,
        default=str,
    )


def for_edit(flat: Flat) -> dict[str, Any]:
    """Return the arguments of drafts.edit."""
    terms: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for name, value in flat.items():
        if name.startswith(COMMITMENT):
            rows.append(_for_edit(value))
        else:
            terms[name] = value
    for name in DATES:
        if terms[name]:
            terms[name] = date.fromisoformat(terms[name])
    personas = Persona.objects.filter(slug__in=terms["personas"])
    reasons = RejectionReason.objects.filter(code__in=terms["reasons"])
    # Documents are compared by slugs and codes; the draft takes rows.
    terms["personas"] = list(personas)
    terms["reasons"] = list(reasons)
    terms["calendar"] = Calendar.objects.get(pk=terms["calendar"])
    if terms["arbiter"]:
        # The person may be gone since the other one saved.
        terms["arbiter"] = User.objects.filter(pk=terms["arbiter"]).first()
    return {**terms, "commitments": rows}


def _for_edit(commitment: dict[str, Any]) -> dict[str, Any]:
    """Return a plain commitment as drafts.edit takes it."""
    return {
        **commitment,
        "target": Decimal(commitment["target"]),
        "steps": [tuple(step) for step in commitment["steps"]],
    }


def label(name: str) -> str:
    """Return what people call the entry."""
    if name.startswith(COMMITMENT):
        # The key begins with the metric; conditions follow.
        key = name.removeprefix(COMMITMENT)
        metric = key.split(" ")[0]
        return str(Metric(metric).label)
    return str(LABELS[name])


def value_text(name: str, text: str, names: Names) -> str:
    """Return an entry as people read it. ``text``: of :func:`texts`; empty: it is not there."""
    value = None
    if text:
        value = json.loads(text)
    if value in (None, [], {}, ""):
        return _("– nothing –")
    if name.startswith(COMMITMENT):
        return commitments.full_sentence(value, names)
    write = WRITERS.get(name)
    if write is None:
        return str(value)
    return write(value, names)


def _definition(value: dict[str, str], names: Names) -> str:
    texts = [value.get(language) for language in LANGUAGES]
    return " / ".join(text for text in texts if text)


def _named(kind: str, codes: list[str], names: Names) -> str:
    texts = [name_of(kind, code, names) for code in codes]
    return ", ".join(texts)


def _actions(codes: list[str], names: Names) -> str:
    return _named("actions", codes, names)


def _fields(codes: list[str], names: Names) -> str:
    return _named("fields", codes, names)


def _personas(slugs: list[str], names: Names) -> str:
    return _named("personas", slugs, names)


def _reasons(codes: list[str], names: Names) -> str:
    rows = RejectionReason.objects.filter(code__in=codes)
    texts = [in_language(row.name) for row in rows]
    return ", ".join(texts)


def _blocks(kinds: list[str], names: Names) -> str:
    labels = [str(CriterionKind(kind).label) for kind in kinds]
    return ", ".join(labels)


def _proofs(terms: dict[str, str], names: Names) -> str:
    parts = []
    for code, term in terms.items():
        criterion = name_of("criteria", code, names)
        parts.append(f"{criterion}: {Proof(term).label}")
    return ", ".join(parts)


def _calendar(pk: int, names: Names) -> str:
    return str(Calendar.objects.get(pk=pk))


def _arbiter(pk: int, names: Names) -> str:
    return str(User.objects.get(pk=pk))


def _pauses(caps: dict[str, int], names: Names) -> str:
    parts = []
    for code, minutes in caps.items():
        reason = name_of("pauses", code, names)
        parts.append(f"{reason}: {commitments.wall_time(minutes)}")
    return "; ".join(parts)


def _distribution(value: str, names: Names) -> str:
    return str(Distribution(value).label)


def _yes_no(value: bool, names: Names) -> str:
    return _("Yes") if value else _("No")


def _weights(weights: dict[str, int], names: Names) -> str:
    parts = []
    for metric, weight in weights.items():
        parts.append(f"{Metric(metric).label}: {weight} %")
    return ", ".join(parts)


def _day(value: str, names: Names) -> str:
    return day_words(date.fromisoformat(value))


# How an entry is written; what is not here is written as it is.
WRITERS: dict[str, Callable[[Any, Names], str]] = {
    "mql_definition": _definition,
    "sql_definition": _definition,
    "valuable_actions": _actions,
    "package_fields": _fields,
    "personas": _personas,
    "reasons": _reasons,
    "sql_blocks": _blocks,
    "sql_terms": _proofs,
    "calendar": _calendar,
    "arbiter": _arbiter,
    "pauses": _pauses,
    "distribution": _distribution,
    "hide_contact": _yes_no,
    "index_weights": _weights,
    "starts_on": _day,
    "renew_by": _day,
}
