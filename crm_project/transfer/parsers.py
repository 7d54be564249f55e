"""Request bodies that are files themselves: streamed to disk, whatever their size."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import UnreadablePostError
from django.utils.datastructures import MultiValueDict
from rest_framework import exceptions
from rest_framework.parsers import BaseParser, MultiPartParser

BLOCK_BYTES = 256 * 1024
MEDIA_TYPES = [
    "text/csv",
    "text/tab-separated-values",
    "text/plain",
    "application/json",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
]


class FileBodyParser(BaseParser):
    """The body as an uploaded file."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        file = TemporaryUploadedFile("body", media_type or "", 0, None)
        # Django closes, and so removes, the files of a request when it has been answered.
        parser_context["request"]._request._files = MultiValueDict({"body": [file]})
        try:
            while block := stream.read(BLOCK_BYTES):
                file.write(block)
        except UnreadablePostError as error:
            raise exceptions.ParseError("The body ended before it was complete.") from error
        file.size = file.tell()
        file.seek(0)
        return file


def _parser_of(media_type: str) -> type[FileBodyParser]:
    return type("FileBodyParser", (FileBodyParser,), {"media_type": media_type})


PARSERS = [MultiPartParser, *map(_parser_of, MEDIA_TYPES)]
