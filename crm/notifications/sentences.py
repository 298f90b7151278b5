"""What happened, in one sentence: in the inbox and in mails."""

from __future__ import annotations

from django.template import Context
from django.template.loader import select_template

from crm.notifications.models import Message, Notice


def words(told: Notice | Message) -> str:
    """The sentence in the active language, from the template of its kind: text that no page may
    take for HTML.
    """
    template = select_template([f"notices/{told.kind}.html", "notices/unknown.html"])
    context = Context({"n": told, **told.params}, autoescape=False)
    return template.template.render(context).strip()
