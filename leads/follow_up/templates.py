"""Templates of messages: the texts of a team, checked when saved and filled for one lead.

Permission is the caller's question (leads.permissions).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.accounts.models import Team, User
from crm.audit.entries import record
from crm.lib.errors import DomainError
from leads.models import Handoff, Lead, MessageTemplate
from leads.records.identity import emails
from leads.states import ContactChannel

# What stands in braces in a text, and what it is replaced by.
FIELDS: dict[str, Promise] = {
    "first_name": gettext_lazy("First name of the lead"),
    "name": gettext_lazy("Name of the lead"),
    "company": gettext_lazy("Company of the lead"),
    "job_title": gettext_lazy("Job title of the lead"),
    "rep_first_name": gettext_lazy("Your first name"),
    "rep_name": gettext_lazy("Your name"),
    "rep_email": gettext_lazy("Your e-mail"),
    "team": gettext_lazy("Name of the team"),
}
IN_BRACES = re.compile(r"\{([^{}]*)\}")
WITH_SPACES = re.compile(rf"( *){IN_BRACES.pattern}")
# Before these the space that stands before an empty field goes, too.
AFTER_EMPTY = " \r\n,.;:!?"


class BadTemplate(DomainError):
    """A text cannot be filled in or lacks something; ``fields`` names it."""

    code = "bad_template"


# -- Writing


@transaction.atomic
def create(team: Team, *, by: User, at: datetime, **texts: str) -> MessageTemplate:
    """Create a template of ``team``. ``texts``: channel, language, name, subject, body.

    Raises BadTemplate naming the field.
    """
    template = MessageTemplate(team=team, **_checked(texts))
    _save(template)
    record("message_template_created", template, by=by, at=at, payload=texts)
    return template


@transaction.atomic
def change(template: MessageTemplate, *, by: User, at: datetime, **texts: str) -> MessageTemplate:
    """Change the texts of a template; its team stays. Raises BadTemplate naming the field."""
    locked = MessageTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    checked = _checked(texts)
    old = {name: getattr(locked, name) for name in checked}
    if old == checked:
        return locked
    for name, text in checked.items():
        setattr(locked, name, text)
    _save(locked)
    payload = {"old": old, "new": checked}
    record("message_template_changed", locked, by=by, at=at, payload=payload)
    return locked


@transaction.atomic
def archive(template: MessageTemplate, *, by: User, at: datetime) -> None:
    """Remove a template from the lead page."""
    in_use = MessageTemplate.objects.in_use().filter(pk=template.pk)
    if in_use.update(archived_at=at):
        record("message_template_archived", template, by=by, at=at)


@transaction.atomic
def restore(template: MessageTemplate, *, by: User, at: datetime) -> None:
    """Take an archived template into use again. Raises BadTemplate if its name is taken by now."""
    locked = MessageTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    if locked.archived_at is None:
        return
    locked.archived_at = None
    _save(locked)
    record("message_template_restored", template, by=by, at=at)


def _checked(texts: Mapping[str, str]) -> dict[str, str]:
    """Return ``texts`` as they are stored. Raises BadTemplate."""
    checked = dict(texts)
    if checked["channel"] != ContactChannel.EMAIL:
        # WhatsApp has no subject: one that was typed for a mail before is not kept.
        checked["subject"] = ""
    elif not checked["subject"].strip():
        raise _bad_template("subject", _("A mail needs a subject."))
    for name in ("subject", "body"):
        _check_fields(name, checked[name])
    return checked


def _check_fields(where: str, text: str) -> None:
    unknown = [name for name in IN_BRACES.findall(text) if name not in FIELDS]
    if unknown:
        message = _("There is no field {%(unknown)s}. These exist: %(fields)s.") % {
            "unknown": unknown[0],
            "fields": ", ".join(f"{{{name}}}" for name in FIELDS),
        }
        raise _bad_template(where, message)


def _save(template: MessageTemplate) -> None:
    try:
        # A savepoint: after the refusal the transaction can still be used.
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        text = _("Another template of this team, channel and language has this name.")
        raise _bad_template("name", text) from error


def _bad_template(field: str, text: str) -> BadTemplate:
    return BadTemplate(text, fields={field: text})


# -- Filling


@dataclass(frozen=True)
class Filled:
    """A template with the data of one lead; ``url`` opens the app with the text."""

    template: MessageTemplate
    url: str


def values_for(lead: Lead, team: Team, rep: User) -> dict[str, str]:
    """Return what the fields stand for; empty where the lead has no such data."""
    name = lead.person.name
    return {
        "first_name": name.split(" ")[0],
        "name": name,
        "company": lead.company.name if lead.company else "",
        "job_title": lead.person.job_title,
        "rep_first_name": rep.get_short_name(),
        "rep_name": rep.name,
        "rep_email": rep.email or "",
        "team": team.name,
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return ``text`` with its fields filled in, without the space that an empty one leaves."""

    def filled(match: re.Match[str]) -> str:
        spaces, field = match.groups()
        value = values.get(field)
        if value is None:
            return match[0]
        if not value and (text[match.end() :] or " ")[0] in AFTER_EMPTY:
            return ""
        return spaces + value

    # A value is put in once: braces in the name of a lead are no field.
    return WITH_SPACES.sub(filled, text)


def filled_for(handoff: Handoff, lead: Lead, rep: User) -> list[Filled]:
    """Return the templates of the handoff's team that can reach the lead, filled. One query.

    None for a person who asked not to be contacted.
    """
    if lead.person.no_contact_at is not None:
        return []
    values = values_for(lead, handoff.team, rep)
    rows = MessageTemplate.objects.in_use().filter(team=handoff.team_id)
    found = []
    for template in rows:
        url = _url(template, lead, values)
        if url:
            found.append(Filled(template, url))
    return found


def _url(template: MessageTemplate, lead: Lead, values: Mapping[str, Any]) -> str:
    """Return the address of the app with the text; empty without the lead's address."""
    body = fill(template.body, values)
    person = lead.person
    if template.channel == ContactChannel.WHATSAPP:
        if not person.phone.startswith("+"):
            return ""
        return f"https://wa.me/{person.phone[1:]}?text={quote(body, safe='')}"
    if not person.email:
        return ""
    subject = quote(fill(template.subject, values), safe="")
    # RFC 6068: a line of a mail ends with CR LF, and a space is %20, not a plus sign.
    lines = quote(body.replace("\n", "\r\n"), safe="")
    return f"{emails.write_to(person.email)}?subject={subject}&body={lines}"
