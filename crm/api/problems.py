"""Every error as problem details (RFC 9457), in the language of the request."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from crm.api.bodies import BodyTooLarge
from crm.lib.db.availability import RETRY_AFTER, is_away
from crm.lib.errors import DomainError

MEDIA_TYPE = "application/problem+json"
logger = logging.getLogger("django.request")

TITLES = {
    400: _("The request cannot be read"),
    401: _("Sign in, or send a key"),
    403: _("You may not do this"),
    404: _("Not found"),
    405: _("This cannot be done here"),
    406: _("Only JSON is answered"),
    409: _("This changed in the meantime"),
    413: _("Too large"),
    415: _("Only JSON is understood"),
    422: _("A rule says no"),
    429: _("Too many requests"),
    500: _("Something broke on our side"),
    503: _("Relevo cannot be reached for the moment"),
}


class Problem(serializers.Serializer):
    """A refusal (RFC 9457).

    ``fields`` names what to mend, ``code`` is for machines and stays the same.
    """

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    fields = serializers.DictField(
        child=serializers.CharField(),
        help_text=_("What to mend, by field"),
    )
    request_id = serializers.CharField()
    version = serializers.IntegerField(
        required=False,
        help_text=_("409: the version that is saved now"),
    )
    conflicts = serializers.DictField(
        required=False,
        child=serializers.JSONField(),
        help_text=_("409: by field, what you sent and what is saved"),
    )
    state = serializers.CharField(
        required=False,
        help_text=_("409: the state that the lead or the handoff has now"),
    )
    changed_by = serializers.DictField(
        required=False,
        allow_null=True,
        child=serializers.JSONField(),
        help_text=_("409: id and name of the person who changed it; null for Relevo itself"),
    )


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the problem for ``error``; an unexpected one is logged and answers 500."""
    request = context["request"]
    status, code, detail, fields = _described(error)
    if status >= 500:
        # DRF has handled the exception by now, so Django itself does not log it any more.
        logger.error("API: %s %s", request.method, request.path, exc_info=error)
    title = TITLES.get(status, TITLES[400])
    # A conflict adds the saved version and the fields that differ.
    more = getattr(error, "more", {})
    body = {
        "type": f"urn:relevo:problem:{code}",
        "title": str(title),
        "status": status,
        "detail": detail,
        "code": code,
        "fields": fields,
        "request_id": getattr(request, "id", ""),
        **more,
    }
    headers = _headers(error, status)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _headers(error: Exception, status: int) -> dict[str, str]:
    headers = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if status == 503:
        wait = RETRY_AFTER
    if wait:
        headers["Retry-After"] = str(int(wait))
    return headers


def _described(error: Exception) -> tuple[int, str, str, dict[str, str]]:
    """Return status, code, detail and fields of ``error``."""
    if isinstance(error, DomainError):
        fields = {name: str(text) for name, text in error.fields.items()}
        return error.status, error.code, str(error.message), fields
    if isinstance(error, exceptions.ValidationError):
        fields = _flat(error.detail)
        detail = fields.pop("non_field_errors", "")
        if not detail:
            detail = str(_("Some fields are not as they should be."))
        return 422, "invalid", detail, fields
    if isinstance(error, Http404 | exceptions.NotFound):
        # One text for what is missing and for what is hidden: the answer must not reveal which.
        return 404, "not_found", str(_("It does not exist, or you may not see it.")), {}
    # Before SuspiciousOperation, of which it is a subclass in Django.
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    if isinstance(error, exceptions.APIException):
        texts = getattr(error, "fields", {})
        fields = {name: str(text) for name, text in texts.items()}
        code = _code_of(error)
        detail = _flat_text(error.detail)
        return error.status_code, code, detail, fields
    if isinstance(error, PermissionDenied):
        return 403, "forbidden", str(_("You see this, but you may not do that with it.")), {}
    if isinstance(error, SuspiciousOperation):
        return 400, "bad_request", str(TITLES[400]), {}
    if is_away(error):
        return 503, "unavailable", str(_("Nothing was changed; try again in a moment.")), {}
    detail = str(_("It has been noted. Nothing was changed; try again later."))
    return 500, "server_error", detail, {}


def _code_of(error: exceptions.APIException) -> str:
    # A list or a mapping where the error has several details; the class has one code for all.
    codes = error.get_codes()
    if isinstance(codes, str):
        return codes
    return str(error.default_code)


def _flat_text(detail: Any) -> str:
    if isinstance(detail, Mapping):
        detail = list(detail.values())
    if isinstance(detail, list | tuple):
        return " ".join(_flat_text(each) for each in detail)
    return str(detail)


def _flat(detail: Any, prefix: str = "") -> dict[str, str]:
    """Return nested errors by dotted names: "attributes.budget"."""
    if not isinstance(detail, Mapping):
        return {prefix or "non_field_errors": _flat_text(detail)}
    errors: dict[str, str] = {}
    for name, inner in detail.items():
        dotted = str(name)
        if prefix:
            dotted = f"{prefix}.{name}"
        errors |= _flat(inner, dotted)
    return errors
