"""The text of a version of an agreement as plain JSON data, and its hash."""

from __future__ import annotations

from typing import Any

from crm.lib.input.fingerprints import digest
from sla.calendars import work_calendars
from sla.models import AgreementVersion, Commitment

# The columns of a version that both sides agree on; definitions, commitments and catalogues have
# rows of their own.
TERM_FIELDS = (
    "mql_definition",
    "sql_definition",
    "package_fields",
    "sql_blocks",
    "sql_terms",
    "valuable_actions",
    "minimum_score",
    "engagement_half_life_days",
    "distribution",
    "rep_cap",
    "hide_contact",
    "pauses",
    "max_returns",
    "dispute_days",
    "review_months",
    "capacity",
    "index_weights",
)


def content_of(version: AgreementVersion) -> dict[str, Any]:
    """Return everything that a signature covers: frozen once it is proposed, live before."""
    return version.text or compose(version)


def compose(version: AgreementVersion) -> dict[str, Any]:
    """Return the text that the rows of ``version`` make now."""
    agreement = version.agreement
    calendar = version.calendar
    terms = {name: getattr(version, name) for name in TERM_FIELDS}
    # Names are part of the text, so that renaming a team or a persona changes no signed text.
    return {
        "agreement": agreement.name,
        "number": version.number,
        "teams": [team.name for team in agreement.teams.order_by("name")],
        **terms,
        "arbiter": version.arbiter.name if version.arbiter else "",
        "starts_on": version.starts_on and version.starts_on.isoformat(),
        "renew_by": version.renew_by and version.renew_by.isoformat(),
        "calendar": {"name": calendar.name, **work_calendars.signed_part(calendar)},
        "personas": _personas(version),
        "rejection_reasons": _rejection_reasons(version),
        "commitments": _commitments(version),
    }


def _personas(version: AgreementVersion) -> list[dict[str, Any]]:
    rows = version.personas.order_by("slug")
    return [{"slug": persona.slug, "name": persona.name} for persona in rows]


def _rejection_reasons(version: AgreementVersion) -> list[dict[str, Any]]:
    return [
        {
            "code": reason.code,
            "class": reason.kind,
            "name": reason.name,
            "needs_comment": reason.needs_comment,
        }
        for reason in version.rejection_reasons.order_by("code")
    ]


def _commitments(version: AgreementVersion) -> list[dict[str, Any]]:
    rows = version.commitments.prefetch_related("steps")
    return [_commitment(commitment) for commitment in rows]


def _commitment(commitment: Commitment) -> dict[str, Any]:
    return {
        "side": commitment.side,
        "metric": commitment.metric,
        "target": f"{commitment.target.normalize():f}",
        "window_minutes": commitment.window_minutes,
        "conditions": commitment.conditions,
        "steps": [[step.kind, step.offset_minutes] for step in commitment.steps.all()],
    }


def content_hash(version: AgreementVersion) -> str:
    """Return the SHA-256 of the content of ``version``, in hex."""
    return digest(content_of(version))
