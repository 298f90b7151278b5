"""Messages to deliver (the outbox) and notices that were delivered (the inbox)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.accounts.models import User
from crm.lib.clock import RelevoNow
from crm.notifications.states import KINDS, PREFIXES, Group, Lane


class Channel(models.TextChoices):
    IN_APP = "in_app"
    EMAIL = "email"


WAITS = Q(next_try_at__isnull=False, sent_at__isnull=True, dropped_at__isnull=True)
WAS_SENT = Q(next_try_at__isnull=True, sent_at__isnull=False, dropped_at__isnull=True)
WAS_DROPPED = Q(next_try_at__isnull=True, sent_at__isnull=True, dropped_at__isnull=False)


class Letter(models.Model):
    """One mail to one person: one message, or several of one kind as a list.

    What is in it was decided at ``decided_at``, before the first try: each try sends the same
    letter. It waits while ``next_try_at`` is set; claiming it moves that forward by the lease. It
    is tried for three days from ``retry_since``: the moment of its oldest message, and later the
    one at which an admin sent it again. ``is_dead``: it was dropped because it could not be
    delivered.
    """

    # The Message-ID: equal at every try, so that a mailbox can drop the second copy. A letter of
    # one message has that of the message.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="letters")
    kind = models.CharField(max_length=60)
    lane = models.PositiveSmallIntegerField(choices=Lane.choices)
    decided_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    is_dead = models.BooleanField(default=False)
    retry_since = models.DateTimeField()
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["lane", "next_try_at", "id"],
                condition=Q(next_try_at__isnull=False),
                name="letter_lanes",
            ),
            models.Index(fields=["dropped_at"], condition=Q(is_dead=True), name="letter_dead"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    next_try_at__isnull=False, sent_at__isnull=True, dropped_at__isnull=True
                )
                | Q(next_try_at__isnull=True, sent_at__isnull=False, dropped_at__isnull=True)
                | Q(next_try_at__isnull=True, sent_at__isnull=True, dropped_at__isnull=False),
                name="letter_waits_or_was_sent_or_dropped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"


class Message(models.Model):
    """One message to one person over one channel, written with the change that it reports.

    ``dedup_key`` makes it unique. ``cause`` names the event that it reports; undoing the event
    drops it. ``next_try_at`` is null once the message was sent, dropped, or tied to the ``letter``
    that takes it; what became of a mail is written in its letter. ``lane`` is that of its kind
    (crm.notifications.states). ``personal`` messages (an invitation, a new password) are sent
    whatever the person prefers, also while the account is inactive. ``is_dead``: it was dropped
    because it could not be delivered; an admin may send it again, and its tries last from
    ``retry_since`` then, else from ``created_at``.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="messages")
    channel = models.CharField(max_length=12, choices=Channel.choices, default=Channel.IN_APP)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    path = models.CharField(max_length=200, blank=True)
    personal = models.BooleanField(default=False, db_default=False)
    lane = models.PositiveSmallIntegerField(
        choices=Lane.choices, default=Lane.ACT, db_default=Lane.ACT
    )
    cause = models.CharField(max_length=80, blank=True, db_index=True)
    dedup_key = models.CharField(max_length=160, unique=True)
    created_at = models.DateTimeField(db_default=RelevoNow())
    next_try_at = models.DateTimeField(null=True, db_default=RelevoNow())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    is_dead = models.BooleanField(default=False, db_default=False)
    retry_since = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    letter = models.ForeignKey(
        Letter, models.PROTECT, null=True, blank=True, related_name="messages", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="message_waiting",
            ),
            models.Index(
                fields=["lane", "next_try_at", "id"],
                condition=Q(channel=Channel.EMAIL, next_try_at__isnull=False),
                name="message_mail_lanes",
            ),
            models.Index(
                fields=["recipient", "kind", "created_at"],
                condition=Q(channel=Channel.EMAIL, next_try_at__isnull=False),
                name="message_mail_kinds",
            ),
            models.Index(
                fields=["letter"], condition=Q(letter__isnull=False), name="message_of_letter"
            ),
            models.Index(fields=["dropped_at"], condition=Q(is_dead=True), name="message_dead"),
        ]
        constraints = [
            # Else a mail that was withdrawn could still be claimed.
            models.CheckConstraint(
                condition=Q(next_try_at__isnull=True)
                | Q(sent_at__isnull=True, dropped_at__isnull=True),
                name="message_done_is_not_waiting",
            ),
            # Else it could be tied to a second letter.
            models.CheckConstraint(
                condition=Q(letter__isnull=True) | Q(next_try_at__isnull=True),
                name="message_tied_is_not_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"

    @property
    def is_sent(self) -> bool:
        """Whether it is in the inbox, or went out in its letter."""
        if self.letter is None:
            return self.sent_at is not None
        return self.letter.sent_at is not None


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> NoticeQuerySet:
        """Return the inbox of ``user``: people read only their own notices."""
        return self.filter(recipient=user)

    def in_group(self, group: str) -> NoticeQuerySet:
        """Return the notices of a group; all of them for an empty one."""
        if not group:
            return self
        if group in KINDS:
            return self.filter(kind__in=KINDS[Group(group)])
        named = [kind for kinds in KINDS.values() for kind in kinds]
        return self.filter(kind__startswith=PREFIXES[Group(group)]).exclude(kind__in=named)


class Notice(models.Model):
    """One entry in the inbox of a person."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    message = models.OneToOneField(Message, models.PROTECT, related_name="notice")
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    path = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], name="notice_by_day"),
            models.Index(
                fields=["recipient"], condition=Q(read_at__isnull=True), name="notice_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"
