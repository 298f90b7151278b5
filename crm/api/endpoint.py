"""What every address of the API gets when it is mounted: repeated posts, and no caching."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Protocol, cast

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.utils.cache import patch_cache_control
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.accounts.models import User
from crm.api import answers
from crm.api.bodies import FastJson
from crm.api.models import Answer
from crm.lib import clock
from crm.lib.errors import DomainError

HEADER = "Idempotency-Key"
# The answers that are kept: they say what the request deserves, and would be the same again.
REFUSALS = (APIException, DomainError, Http404, PermissionDenied)


class Repeatable(Protocol):
    """A view that answers posts, each of which may be sent again with the same key."""

    def check_seen(self, user: User, kept: Any, *args: Any, at: datetime, **kwargs: Any) -> None:
        """Raise Http404 unless ``user`` still sees what the answer ``kept`` tells of."""


def mount(view: type[APIView]) -> Callable[..., HttpResponseBase]:
    """Return the view of an app as the API answers it.

    Apps are below the API and cannot import a base class from it.
    """
    attributes = {"__doc__": view.__doc__, "__module__": view.__module__}
    mounted: type[APIView] = type(view.__name__, (Mounted, view), attributes)
    return mounted.as_view()


class Mounted(APIView):
    """Wraps a view of an app."""

    http_method_names = ["get", "head", "post", "patch"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # First of all, so that the errors below are in the person's language.
        self.perform_authentication(request)
        super().initial(request, *args, **kwargs)
        key = request.headers.get(HEADER)
        act = getattr(self, "post", None)
        if request.method == "POST" and key is not None and act is not None:
            answers.check(key)
            # DRF looks the handler up after this method has run.
            repeatable = partial(self.once, act, key)
            setattr(self, "post", repeatable)  # noqa: B010  # mypy: not every view has it

    def once(
        self,
        act: Callable[..., Response],
        key: str,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> Response:
        """Act and keep the answer in one transaction, or return the answer that was kept."""
        method = str(request.method)
        fingerprint = answers.fingerprint(method, request.path, request.data)
        now = clock.now()
        with transaction.atomic():
            answer, is_new = answers.claim(request.user, key, fingerprint, at=now)
            if not is_new:
                kept = json.loads(answer.body)
                # What it tells of may have left the person's sight since: 404, as for a read.
                check_seen = cast(Repeatable, self).check_seen
                check_seen(request.user, kept, *args, at=now, **kwargs)
                return _replayed(answer, kept)
            # The inner transaction rolls a refused act back, while its answer is kept. Any other
            # error rolls the claim back too, so that the same request can be tried again.
            try:
                with transaction.atomic():
                    response = act(request, *args, **kwargs)
            except REFUSALS as error:
                response = self.handle_exception(error)
            body = FastJson().render(response.data)
            answers.keep(
                answer,
                response.status_code,
                body.decode(),
                content_type=response.content_type or "",
                location=response.headers.get("Location", ""),
            )
            return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        patch_cache_control(response, no_store=True, private=True)
        return super().finalize_response(request, response, *args, **kwargs)


def _replayed(answer: Answer, body: Any) -> Response:
    headers = {"Idempotent-Replayed": "true"}
    if answer.location:
        headers["Location"] = answer.location
    return Response(
        body,
        answer.status,
        headers=headers,
        content_type=answer.content_type or None,
    )


class Unknown(APIView):
    """404 for every other address below the API's."""

    schema = None
    scope = ""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        method = str(request.method).lower()
        # Whatever the method is, the address does not exist: 404 and never 405.
        self.http_method_names = [method]
        setattr(self, method, self.refuse)
        return super().dispatch(request, *args, **kwargs)

    def refuse(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise NotFound
