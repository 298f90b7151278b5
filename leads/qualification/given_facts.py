"""Give the field that a criterion judges: the fact and its evidence in one step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from crm.accounts.models import User
from crm.lib.errors import Conflict
from leads.models import Evidence, Lead
from leads.qualification import facts, rules
from leads.qualification.rules import MISSING, Rule
from leads.records import fields, leads
from personas.models import PersonaVersion


class KnownByNow(Conflict):
    """Another person gave the field in the meantime."""

    code = "known_by_now"
    message = _("Somebody else gave this field in the meantime. Look at it before you go on.")


@transaction.atomic
def give(
    lead: Lead,
    version: PersonaVersion,
    code: str,
    value: Any,
    *,
    text: str,
    source: str,
    by: User,
    at: datetime,
) -> Evidence:
    """Set the missing field of the criterion ``code`` to ``value``, and note who said so.

    ``text``: the value as people read it. The rule itself gives the verdict of the evidence.

    Raises KnownByNow, and what leads.change raises.
    """
    rule = _rule(version, code)
    # Read again: the row on the page may be older than what a colleague has just saved.
    lead = Lead.objects.select_related("person", "company", "source").get(pk=lead.pk)
    if facts.facts_of(lead).get(rule.field) not in MISSING:
        raise KnownByNow
    data = fields.as_data(rule.field, value)
    lead = leads.change(lead, data, by=by, at=at, version=lead.version)
    verdict = rules.judge(rule, facts.facts_of(lead), None).verdict
    return leads.add_evidence(lead, code, verdict, value=text, source=source, by=by, at=at)


def _rule(version: PersonaVersion, code: str) -> Rule:
    return next(rule for rule in facts.rules_of(version) if rule.code == code)
