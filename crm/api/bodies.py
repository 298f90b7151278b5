"""Bodies of requests: JSON objects of bounded size and depth, without unstorable text."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser

from crm.lib.text import clean_line, has_bad_text

# Far below Python's limit of recursion: the values are checked, and later read, by functions that
# call themselves for each level.
DEEPEST = 20


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body_too_large"
    default_detail = _("The body is too large.")
    fields = {"body": _("The body is too large.")}


class Json(JSONParser):
    """UTF-8 JSON. Raises ValidationError by field for NUL, lone surrogates and NaN.

    None of them can be stored.
    """

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
        if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            # NaN and Infinity are read, although they are not JSON, so that the check below
            # names their field.
            data = json.loads(stream.read().decode(), parse_constant=float)
        except (ValueError, RecursionError):
            raise ParseError(_("The body is not JSON in UTF-8.")) from None
        if not isinstance(data, dict) or _is_deep(data):
            raise ParseError(_("The body has to be a JSON object."))
        bad = [name for name, value in data.items() if has_bad_text([name, value])]
        if bad:
            text = _("This holds a character or a number that cannot be stored.")
            raise ValidationError({clean_line(name)[:60]: [text] for name in bad})
        return data


def _is_deep(data: Any) -> bool:
    """Return whether objects and lists are nested deeper than DEEPEST, without recursion."""
    level = [data]
    for _depth in range(DEEPEST):
        deeper = []
        for value in level:
            inner = value
            if isinstance(value, dict):
                inner = value.values()
            deeper += [each for each in inner if isinstance(each, dict | list)]
        if not deeper:
            return False
        level = deeper
    return True
