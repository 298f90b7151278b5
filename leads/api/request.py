"""What every part of the API reads of a request: the body, and the parameters of a page."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from crm.lib import rest

PAGING = ("cursor", "limit")
CURSOR = OpenApiParameter(
    "cursor", str, description=_("Where the page begins: next_cursor of the page before.")
)
LIMIT = OpenApiParameter(
    "limit", int, description=_("Rows of a page, from 1 to 100; 50 if it is not given.")
)


def body_of(serializer: type[rest.Body], request: Request, **context: Any) -> dict[str, Any]:
    """Return the cleaned body. Raises ValidationError by the names of the invalid fields."""
    reader = _reader(serializer, get_language())  # type: ignore[arg-type]  # classes are hashable
    if context:
        reader = serializer(context=context)
    return reader.run_validation(request.data)


# Making the fields of a serializer costs more than reading a body. Reading changes nothing in them
# but the texts of some errors, which are made once: by language.
@lru_cache(maxsize=64)
def _reader(serializer: type[rest.Body], language: str | None) -> rest.Body:
    return serializer()
