"""Bodies of requests and answers.

Those of requests are JSON objects of bounded size and depth, without unstorable text.
"""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from crm.lib.input import json_text
from crm.lib.text import clean_line, has_bad_text


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
            longest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
            # With what cannot be stored, so that the check below names its field.
            data = json_text.parse(stream.read().decode(), longest=longest)
        except json_text.TooDeep:
            raise ParseError(_("The body has to be a JSON object.")) from None
        except ValueError:
            raise ParseError(_("The body is not JSON in UTF-8.")) from None
        if not isinstance(data, dict):
            raise ParseError(_("The body has to be a JSON object."))
        bad = [name for name, value in data.items() if has_bad_text([name, value])]
        if bad:
            text = _("This holds a character or a number that cannot be stored.")
            raise ValidationError({clean_line(name)[:60]: [text] for name in bad})
        return data


class FastJson(JSONRenderer):
    """The same JSON as its base class writes, by orjson."""

    # What orjson writes in another way, such as moments, is left to DRF's encoder.
    OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
    encode = JSONEncoder().default

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        if data is None:
            return b""
        # "Accept: application/json; indent=4" is for people who read it.
        if self.get_indent(accepted_media_type or "", renderer_context or {}):
            return super().render(data, accepted_media_type, renderer_context)
        try:
            return orjson.dumps(data, self.encode, self.OPTIONS)
        except orjson.JSONEncodeError:
            # Numbers of more than 64 bits, which an attribute of a lead may hold.
            return super().render(data, accepted_media_type, renderer_context)
