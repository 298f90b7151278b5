"""Errors that a person can act on. crm.middleware and the API turn them into answers."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule of the business was broken.

    ``message`` is for people, ``fields`` maps the name of each wrong field to its own message.
    ``status`` is the HTTP status of the answer: 422 for wrong input, 409 for a lost race or a state
    that has moved on.
    """

    status = 422
    code = "refused"
    message: object = _("This cannot be done.")

    def __init__(
        self, message: object = None, *, fields: Mapping[str, object] | None = None
    ) -> None:
        if message is not None:
            self.message = message
        self.fields = dict(fields or {})
        super().__init__(str(self.message))


class Conflict(DomainError):
    """Somebody else changed the object in the meantime; the answer says what it is now."""

    status = 409
    code = "conflict"
    message: object = _("This was changed by somebody else in the meantime.")


class IllegalMove(Conflict):
    """The state does not allow this step."""

    code = "illegal_move"
    message: object = _("This step is not possible any more.")
