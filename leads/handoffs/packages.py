"""The package that marketing hands over with a lead: plain data, frozen at the hand-off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leads.models import Handoff, Package
from leads.qualification.rules import Assessment
from leads.qualification.scores import DoneAction, Scores

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
        **content(facts, actions, assessment),
        "scores": scores.plain,
        "overrides": overrides,
        "note": handoff.note,
    }
    # Stored as the digest reads it: default=str has made texts of dates and amounts.
    return Package(handoff=handoff, payload=json.loads(_canonical(payload)), sha256=digest(payload))


def dated(actions: Iterable[DoneAction]) -> list[tuple[str, str]]:
    """Return code and ISO date of valuable actions."""
    return [(action.code, action.on.isoformat()) for action in actions]


def content(
    facts: Mapping[str, Any], actions: Iterable[tuple[str, str]], assessment: Assessment
) -> dict[str, Any]:
    """Return what a package says of the lead. ``actions`` as in :func:`package`."""
    return {
        "facts": facts,
        "actions": list(actions),
        "judgements": [[each.rule.code, each.verdict] for each in assessment.judgements],
    }


@dataclass(frozen=True)
class Changes:
    """What differs between a package and the lead as it is now.

    ``facts``: old and new value by name. ``actions``: codes of the kinds of valuable actions that
    are new. ``judgements``: old and new verdict by code of the criterion, None where the other
    version of the persona has no such criterion.
    """

    facts: dict[str, tuple[Any, Any]]
    actions: list[str]
    judgements: dict[str, tuple[str | None, str | None]]

    def __bool__(self) -> bool:
        return bool(self.facts or self.actions or self.judgements)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """Return what changed from the package's payload ``old`` to the content ``new``.

    An erased package has no content, and everything has changed.
    """
    new = json.loads(_canonical(new))
    known = [tuple(action) for action in old.get("actions", [])]
    added = [code for code, on in new["actions"] if (code, on) not in known]
    return Changes(
        facts=_pairs(old.get("facts", {}), new["facts"]),
        actions=added,
        judgements=_pairs(dict(old.get("judgements", [])), dict(new["judgements"])),
    )


def _pairs(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return old and new value of each key whose value differs; none for "" and None alike."""
    pairs = {}
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(key), new.get(key)
        if before != after and (before or after):
            pairs[key] = (before, after)
    return pairs


def digest(payload: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of ``payload``, in hex."""
    return hashlib.sha256(_canonical(payload).encode()).hexdigest()


def _canonical(payload: Mapping[str, Any]) -> str:
    # jsonb does not keep the order of keys; sorted, a row read back has the same digest.
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, default=str)
