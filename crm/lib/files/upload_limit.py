"""How large an uploaded file may be.

Django limits every other part of a request and leaves files to us.
"""

from __future__ import annotations

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from crm.lib.files.detect import LARGEST

ACCEPTING = ("/imports/new/",)  # the pages that take files; elsewhere a file is skipped
SLACK = 1_000_000  # bytes of the request around the file
DRAINED = 4 * LARGEST  # a browser that sends more than this is cut off, else it hears why


class Limit(FileUploadHandler):
    """Stands before the handlers that store a file, and lets none through that is too large or not
    asked for.
    """

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
