"""The package that marketing hands over with a lead: plain data, frozen at the hand-off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from leads.models import Handoff, Package
from leads.qualification.rules import Assessment
from leads.qualification.scores import Scores

# Stands in place of a criterion's code: the agreement's minimum fit score was overruled.
SCORE = "score"


def overruled(assessment: Assessment, *, score_reason: str, submitter: str) -> list[dict[str, str]]:
    """Return what people overruled: criterion or score, reason, and the person's name."""
    overrides = [
        {
            "criterion": judgement.rule.code,
            "reason": judgement.proof.reason,
            "by": judgement.proof.by,
        }
        for judgement in assessment.overridden
        if judgement.proof
    ]
    if score_reason:
        overrides.append({"criterion": SCORE, "reason": score_reason, "by": submitter})
    return overrides


def package(
    handoff: Handoff,
    facts: Mapping[str, Any],
    actions: Iterable[tuple[str, str]],
    assessment: Assessment,
    scores: Scores,
    overrides: list[dict[str, str]],
) -> Package:
    """Return the unsaved package. ``actions``: code of the kind and ISO date, newest first."""
    payload = {
        "facts": facts,
        "actions": list(actions),
        "judgements": [[each.rule.code, each.verdict] for each in assessment.judgements],
        "scores": scores.plain,
        "overrides": overrides,
        "note": handoff.note,
    }
    # Stored as the digest reads it: default=str has made texts of dates and amounts.
    return Package(handoff=handoff, payload=json.loads(_canonical(payload)), sha256=digest(payload))


def digest(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of ``payload``, in hex."""
    return hashlib.sha256(_canonical(payload).encode()).hexdigest()


def _canonical(payload: Mapping[str, Any]) -> str:
    # jsonb does not keep the order of keys; sorted, a row read back has the same digest.
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
