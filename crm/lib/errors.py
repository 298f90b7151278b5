"""Errors that a person can act on.

Views and the API turn them into answers (crm.middleware.DomainErrors).
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule of the business said no. ``message`` is for people; ``fields`` names what to mend.

    status: the HTTP status of the answer (422: the input; 409: somebody was faster or the state
    moved on).
    """

    status = 422
    code = "refused"
    message: object = _("This cannot be done.")

    def __init__(
        self, message: object = None, *, fields: Mapping[str, object] | None = None
    ) -> None:
        self.message = self.message if message is None else message
        self.fields = dict(fields or {})
        super().__init__(str(self.message))


class Conflict(DomainError):
    """The thing changed under the person's hands: 409, and the answer says what it is now."""

    status = 409
    code = "conflict"
    message = _("This was changed by somebody else in the meantime.")


class IllegalMove(Conflict):
    """The state does not allow this step."""

    code = "illegal_move"
    message = _("This step is not possible any more.")
