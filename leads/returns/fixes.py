"""What marketing changed in a lead since sales sent it back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from crm.lib.errors import DomainError
from leads.handoffs import packages
from leads.models import Lead, Package
from leads.qualification import facts
from leads.qualification.facts import Record
from leads.qualification.rules import Assessment
from leads.returns import returns
from leads.states import Stage


class NothingChanged(DomainError):
    """The lead is as it was when sales sent it back, and no reason was typed."""

    code = "nothing_changed"


def changes(lead: Lead, record: Record, assessment: Assessment) -> packages.Changes | None:
    """Return what changed in ``lead`` since the package that sales sent back.

    None for a lead that was not sent back, or whose package is not known.
    """
    if lead.stage != Stage.RETURNED:
        return None
    opened = returns.open_of(lead)
    if opened is None:
        return None
    package = Package.objects.filter(handoff=opened.handoff_id).first()
    if package is None:
        return None
    content = packages.content(facts.facts_of(lead), packages.dated(record.actions), assessment)
    return packages.changes(package.payload, content)


def check_changed(lead: Lead, record: Record, assessment: Assessment, reason: str) -> str:
    """Return the reason to hand off unchanged what sales sent back, or "" if it changed.

    Raises NothingChanged if it did not and ``reason`` is blank.
    """
    changed = changes(lead, record, assessment)
    if changed is None or changed:
        return ""
    if reason:
        return reason
    text = _(
        "Nothing has changed since sales sent it back. Change what they asked for, or say why it"
        " goes to sales as it was."
    )
    raise NothingChanged(text, fields={"unchanged_reason": text})
