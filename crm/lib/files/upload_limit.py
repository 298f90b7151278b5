"""Limit the size of uploaded files.

Django limits every other part of a request (DATA_UPLOAD_MAX_MEMORY_SIZE), but not files.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from crm.lib.files.layout import UPLOAD_LIMITS

ACCEPTING = ("/imports/new/",)  # the pages that take files; elsewhere a file is skipped
LARGEST = UPLOAD_LIMITS.size
SLACK = 1_000_000  # bytes of the request around the file
# A browser reads our answer only after it has sent everything; beyond this the connection is reset.
DRAINED = 4 * LARGEST


class Limit(FileUploadHandler):
    """Upload handler before the ones that store a file; stops files too large or not asked for."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any
    ) -> None:
        self.length = content_length
        self.seen = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        assert self.request is not None
        if self.request.path not in ACCEPTING:
            raise SkipFile
        if self.length > LARGEST + SLACK:
            self._refuse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.seen += len(raw_data)
        if self.seen > LARGEST:
            self._refuse()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self) -> None:
        self.request.has_too_large_file = True  # type: ignore[union-attr]
        raise StopUpload(connection_reset=self.length > DRAINED)
