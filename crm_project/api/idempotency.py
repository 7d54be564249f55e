"""``Idempotency-Key``: a POST that is sent again answers what the first one did and does nothing more.

The key's row is written first, in the transaction of the effect itself. A second request with the key waits for that
row; when the first commits it finds the answer, and when the first fails or its process dies there is neither row nor
effect. (The header is that of the IETF draft "The Idempotency-Key HTTP Header Field".)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from .exceptions import IdempotencyMismatch
from .models import IdempotencyKey

KEPT_HEADERS = ("Location", "ETag")


def fingerprint(request: Any) -> bytes:
    """SHA-256 of what makes two requests the same: path, parameters and body, files included."""
    digest = hashlib.sha256()
    digest.update(f"{request.method} {request.get_full_path()} {request.content_type.partition(';')[0]}\n".encode())
    data = request.data
    if hasattr(data, "lists"):
        for name, values in sorted(data.lists()):
            for value in values:
                digest.update(f"{name}=".encode())
                chunks = value.chunks() if isinstance(value, UploadedFile) else [str(value).encode()]
                for chunk in chunks:
                    digest.update(chunk)
                if isinstance(value, UploadedFile):
                    value.seek(0)
    elif hasattr(data, "chunks"):
        for chunk in data.chunks():
            digest.update(chunk)
        data.seek(0)
    else:
        digest.update(json.dumps(data, sort_keys=True, default=str).encode())
    return digest.digest()


def once(request: Any, run: Callable[[], Response]) -> Response:
    """Run the request, or give the answer that this user's request with the same key got. Needs a transaction."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return run()
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise exceptions.ValidationError({"Idempotency-Key": ["From 1 to 255 printable ASCII characters."]})
    mine = IdempotencyKey(user=request.user, key=key, fingerprint=fingerprint(request))
    IdempotencyKey.objects.bulk_create([mine], ignore_conflicts=True)
    kept = IdempotencyKey.objects.get(user=request.user, key=key)
    if kept.pk != mine.pk:
        if bytes(kept.fingerprint) != mine.fingerprint:
            raise IdempotencyMismatch()
        return Response(
            json.loads(kept.body), status=kept.status, headers=kept.headers | {"Idempotent-Replayed": "true"}
        )
    response = run()
    IdempotencyKey.objects.filter(pk=mine.pk).update(
        status=response.status_code,
        body=json.dumps(response.data, cls=JSONEncoder),
        headers={name: response[name] for name in KEPT_HEADERS if name in response},
    )
    return response
