"""Templates of messages to leads, by team and language."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from crm.accounts.models import LANGUAGES, Team, User
from leads.states import WRITTEN, ContactChannel


class MessageTemplateQuerySet(models.QuerySet["MessageTemplate"]):
    def visible_to(self, user: User) -> MessageTemplateQuerySet:
        """Return the templates of the teams of ``user``; for directors, all."""
        if user.is_director:
            return self
        return self.filter(team__in=[member.team_id for member in user.memberships_now])

    def in_use(self) -> MessageTemplateQuerySet:
        """Return the templates that are not archived."""
        return self.filter(archived_at__isnull=True)


class MessageTemplate(models.Model):
    """A text for WhatsApp or mail with fields in braces for data of the lead and the rep.

    ``subject``: of a mail alone.
    """

    team = models.ForeignKey(Team, models.PROTECT, related_name="+")
    channel = models.CharField(
        max_length=10, choices=[(channel.value, channel.label) for channel in WRITTEN]
    )
    language = models.CharField(max_length=2, choices=LANGUAGES)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = MessageTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["team", "channel", "language", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                "team",
                "channel",
                "language",
                Lower("name"),
                condition=Q(archived_at__isnull=True),
                name="message_template_name_once",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=WRITTEN), name="message_template_is_written"
            ),
            models.CheckConstraint(
                condition=Q(subject="") | Q(channel=ContactChannel.EMAIL),
                name="message_template_subject_of_mail",
            ),
        ]

    def __str__(self) -> str:
        return self.name
