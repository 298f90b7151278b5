"""What every part of the API reads of a request: the body, and the parameters of a page."""

from __future__ import annotations

from typing import Any

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
    checked = serializer(data=request.data, context=context)
    checked.is_valid(raise_exception=True)
    return checked.validated_data
