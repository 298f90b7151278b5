"""A message as a mail: in the recipient's words, zone and looks, through the mail server of the
settings.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import Context
from django.template.loader import select_template
from django.utils import timezone

from crm.accounts import invitations, people
from crm.accounts.models import Organisation
from crm.accounts.sign_in import passwords
from crm.lib.text import clean_line
from crm.lib.wording import variants
from crm.notifications.models import Message
from crm.notifications.sentences import words

SUBJECT_AT_MOST = 150

# A link that holds a secret is made when the mail is sent, so that no row keeps it: kind ->
# function that returns
# the path, or "" when what it leads to is over (an invitation taken back), and then nothing is
# sent.
PATHS: dict[str, Callable[[Message], str]] = {
    "invitation": lambda message: invitations.path_while_open(message.params["invitation"]),
    "password_reset": lambda message: passwords.path_of(message.recipient),
}


class Overtaken(Exception):
    """What the mail leads to is over."""


def is_on() -> bool:
    """Whether mails go anywhere: a server is set, or the console of the demo."""
    return settings.MAIL_ON


def link(message: Message) -> str:
    """The full address that the mail leads to, empty where there is none.

    Overtaken: it must not go any more.
    """
    path = message.path
    if message.kind in PATHS:
        path = PATHS[message.kind](message)
        if not path:
            raise Overtaken
    return f"{settings.BASE_URL}{path}" if path else ""


def message_id(message: Message) -> str:
    """The same for every try, so that a mail sent twice is recognised as one."""
    return f"<{message.uid}@{urlsplit(settings.BASE_URL).hostname}>"


def rendered(message: Message, organisation: Organisation) -> tuple[str, str, str]:
    """Subject, text and HTML in the recipient's language and zone."""
    person = message.recipient
    with ExitStack() as stack:
        stack.enter_context(variants.override(person.language))
        stack.enter_context(timezone.override(ZoneInfo(person.time_zone or organisation.time_zone)))
        context = {
            **message.params,
            "n": message,
            "person": person,
            "organisation": organisation,
            "link": link(message),
            "site": settings.BASE_URL,
            "language": person.language,
        }
        full = {**context, "sentence": words(message)}
        subject = clean_line(_part(message, "subject.txt", full))
        text = _part(message, "body.txt", full).strip() + "\n"
        return subject[:SUBJECT_AT_MOST], text, _part(message, "body.html", full)


def send(message: Message, at: datetime, line: BaseEmailBackend | None = None) -> None:
    """Send ``message`` now, over ``line`` where one is open.

    Raises what the mail server answers.
    """
    subject, text, html = rendered(message, people.organisation())
    headers = {
        "Message-ID": message_id(message),
        "Date": format_datetime(at),
        "Auto-Submitted": "auto-generated",
    }
    address = message.recipient.email or ""
    letter = EmailMultiAlternatives(subject, text, to=[address], headers=headers, connection=line)
    letter.attach_alternative(html, "text/html")
    letter.send()


def _part(message: Message, name: str, context: dict[str, Any]) -> str:
    template = select_template([f"emails/{message.kind}.{name}", f"emails/notice.{name}"])
    escaped = Context(context, autoescape=name.endswith(".html"))
    return template.template.render(escaped)
