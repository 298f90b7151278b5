"""The sentence of a notice: what happened, for the inbox and for mails."""

from __future__ import annotations

from django.template import Context
from django.template.loader import select_template

from crm.notifications.models import Message, Notice


def render(notice: Notice | Message) -> str:
    """Return the sentence of ``notice`` in the active language, as plain text.

    The template is chosen by the kind of the notice.
    """
    template = select_template([f"notices/{notice.kind}.html", "notices/unknown.html"])
    # The sentence also goes into plain-text mails; pages escape it where they show it.
    context = Context({"n": notice, **notice.params}, autoescape=False)
    return template.template.render(context).strip()
