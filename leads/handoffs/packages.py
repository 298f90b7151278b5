"""The package: what marketing hands over with a lead, as plain data, frozen at the hand-off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from leads.models import Handoff, Package
from leads.qualification.rules import Assessment
from leads.qualification.scores import Scores

# stands where a criterion's code does: what was overruled is the agreement's minimum fit score
SCORE = "score"


def overruled(assessment: Assessment, *, score_reason: str, submitter: str) -> list[dict[str, str]]:
    """What people know better than the rules: each criterion, and the score, with its reason and
    who says so.
    """
    said = [
        {"criterion": j.rule.code, "reason": j.proof.reason, "by": j.proof.by}
        for j in assessment.overridden
        if j.proof
    ]
    return (
        [*said, {"criterion": SCORE, "reason": score_reason, "by": submitter}]
        if score_reason
        else said
    )


def package(
    handoff: Handoff,
    facts: Mapping[str, Any],
    actions: Iterable[tuple[str, str]],
    assessment: Assessment,
    scores: Scores,
    overrides: list[dict[str, str]],
) -> Package:
    """The unsaved package. ``actions``: (code of the kind, ISO date), the newest first."""
    payload = {
        "facts": facts,
        "actions": list(actions),
        "judgements": [[j.rule.code, j.verdict] for j in assessment.judgements],
        "scores": scores.plain,
        "overrides": overrides,
        "note": handoff.note,
    }
    text = json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
    return Package(
        handoff=handoff, payload=json.loads(text), sha256=hashlib.sha256(text.encode()).hexdigest()
    )
