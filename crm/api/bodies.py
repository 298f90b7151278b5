"""Bodies of requests: JSON objects of bounded size and depth, without text that cannot
be stored.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser

from crm.lib.text import clean_line, has_bad_text

DEEPEST = 20


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The body is too large.")
    fields = {"body": _("The body is too large.")}


class Json(JSONParser):
    """UTF-8 JSON. What cannot be stored (NUL, lone surrogates, NaN) is refused by the name of its
    field.
    """

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        if (
            int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
            > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        ):
            raise BodyTooLarge
        try:
            data = json.loads(stream.read().decode(), parse_constant=float)
        except (ValueError, RecursionError):
            raise ParseError(_("The body is not JSON in UTF-8.")) from None
        if not isinstance(data, dict) or _is_deep(data):
            raise ParseError(_("The body has to be a JSON object."))
        if bad := [name for name, value in data.items() if has_bad_text([name, value])]:
            words = _("This holds a character or a number that cannot be stored.")
            raise ValidationError({clean_line(name)[:60]: [words] for name in bad})
        return data


def _is_deep(data: Any) -> bool:
    level = [data]
    for _depth in range(DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
