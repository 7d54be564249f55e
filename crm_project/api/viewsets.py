"""The base of every view: rights, strict parameters, transactions, retries, ETags and the trash, in one place."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pghistory
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status
from rest_framework.decorators import action
from rest_framework.metadata import SimpleMetadata
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from crm_project.access import rules

from . import idempotency
from .errors import is_retryable
from .exceptions import LengthRequired, PayloadTooLarge, PreconditionFailed
from .filters import StrictFilterBackend, refuse_unknown_parameters, says_true
from .pagination import KeysetPagination
from .permissions import RightPermission
from .schema import CrmSchema

TRANSACTION_TRIES = 4
MEGABYTE = 1024 * 1024


class Metadata(SimpleMetadata):
    """What OPTIONS answers. Which fields may be sent is said by the OpenAPI document; here it would need a record."""

    def determine_actions(self, request: Any, view: Any) -> None:
        return None


class CrmViewSet(GenericViewSet):
    """A view on one kind of record.

    ``orderings`` maps public names to columns, ``action_verbs`` actions to verbs, ``query_parameters`` actions to the
    parameters they know besides those of the filter set. ``reading_actions`` only read, although they are called by
    POST. ``door`` is what the change history calls this way in, where it is not the API. ``shown_names`` are columns of
    the answer with the names of other records, which these change without a new version of this one.
    """

    permission_classes = [RightPermission]
    metadata_class = Metadata
    pagination_class = KeysetPagination
    filter_backends = [StrictFilterBackend]
    schema = CrmSchema()
    queryset: Any
    request: Any
    orderings: dict[str, tuple[str, ...]] = {"created_at": ("id",)}
    default_ordering = "-created_at"
    action_verbs: dict[str, str] = {}
    filtered_actions: tuple[str, ...] = ("list",)
    query_parameters: dict[str, tuple[str, ...]] = {}
    ignores_unknown_parameters = False
    reading_actions: tuple[str, ...] = ()
    door = ""
    shown_names: tuple[str, ...] = ()
    throttle_scopes: dict[str, str] = {}
    lookup_value_converter = "uuid"
    max_body_bytes = 10 * MEGABYTE

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """As DRF's, but whatever writes runs in one transaction, which begins after signing in and counting rates."""
        self.args, self.kwargs = args, kwargs
        request = self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(request, *args, **kwargs)
            handler = getattr(self, request.method.lower(), self.http_method_not_allowed)
            response = self.run(lambda: handler(request, *args, **kwargs))
        except Exception as exc:
            response = self.handle_exception(exc)
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def run(self, handler: Callable[[], Response]) -> Response:
        """Call the handler; one that writes in a transaction, which is begun again when others made it fail."""
        if self.only_reads():
            return handler()
        for tried in range(1, TRANSACTION_TRIES + 1):
            try:
                with transaction.atomic():
                    if self.request.method == "POST":
                        return idempotency.once(self.request, handler)
                    return handler()
            except Exception as exc:
                if tried == TRANSACTION_TRIES or not is_retryable(exc):
                    raise
                time.sleep(0.02 * tried)
        raise AssertionError("unreachable")

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length == "0" and "chunked" in request.headers.get("Transfer-Encoding", ""):
            raise LengthRequired()
        if length.isdecimal() and int(length) > self.max_body_bytes:
            raise PayloadTooLarge(f"The request body may have {self.max_body_bytes // MEGABYTE} MB at most.")
        super().initial(request, *args, **kwargs)
        if self.door:
            pghistory.context(door=self.door)
        if self.action and not self.ignores_unknown_parameters:
            refuse_unknown_parameters(request.query_params, self.known_parameters())

    def perform_authentication(self, request: Any) -> None:
        """Also counts the request, before it is known whether it is allowed: one that is refused was made too."""
        super().perform_authentication(request)
        super().check_throttles(request)

    def check_throttles(self, request: Any) -> None:
        """Nothing is left to do after signing in."""

    def only_reads(self) -> bool:
        return self.request.method in SAFE_METHODS or self.action in self.reading_actions

    def known_parameters(self) -> list[str]:
        known = list(self.query_parameters.get(self.action, ()))
        if self.action in self.filtered_actions and getattr(self, "filterset_class", None):
            known += [*self.filterset_class.get_filters(), *self.filterset_class.families]
        if self.is_list():
            known += self.pagination_class.parameters
        return known

    def is_list(self) -> bool:
        return self.action == "list"

    def get_model(self) -> type[Model]:
        return self.queryset.model

    def get_queryset(self) -> QuerySet:
        return self.queryset.all()

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        """The queryset with all that the serializer prints, for lists and single records alike."""
        return queryset.for_list() if hasattr(queryset, "for_list") else queryset

    def get_object(self) -> Any:
        """The record: 404 when there is none, 403 when the user may not do this to it. Locked when it is to be written.

        Columns that only answers need are left out of the locking query, which joins nothing.
        """
        queryset = self.get_queryset().filter(pk=self.kwargs[self.lookup_field])
        is_read = self.request.method in SAFE_METHODS
        try:
            record = (self.with_columns(queryset) if is_read else queryset.select_for_update()).get()
        except queryset.model.DoesNotExist as error:
            raise exceptions.NotFound() from error
        self.check_object_permissions(self.request, record)
        self.prepare([record])
        if self.request.method not in SAFE_METHODS:
            self.check_precondition(record)
        return record

    def check_precondition(self, record: Any) -> None:
        """``If-Match`` must name the version that is stored now, or be ``*``."""
        sent = self.request.headers.get("If-Match")
        if sent and not names_version(sent, record):
            current = self.get_serializer(self.reload(record)).data
            raise PreconditionFailed(extra={"current": current})

    def prepare(self, records: list[Any]) -> None:
        """Complete the records that are about to be answered; views that hide relations override it."""

    def reload(self, record: Any) -> Any:
        """The record with all the columns of the answer. One query."""
        fresh = self.with_columns(type(record)._default_manager.filter(pk=record.pk)).get()
        self.prepare([fresh])
        return fresh

    def answer(self, record: Any, status: int = 200, **headers: str) -> Response:
        """The whole record as the database has it now, with its ETag."""
        fresh = self.reload(record)
        return Response(self.get_serializer(fresh).data, status=status, headers={"ETag": self.etag(fresh), **headers})

    def etag(self, record: Any) -> str:
        """The version, and a checksum of the names that the answer shows besides."""
        names = [getattr(record, column) for column in self.shown_names]
        return etag_of(record, f"-{crc32(repr(names).encode()):x}" if any(names) else "")


NAMES_IN_TAG = re.compile(r'-[0-9a-f]+"$')


def etag_of(record: Any, names: str = "") -> str:
    return f'"{record.version}{names}"'


def tags_in(header: str) -> set[str]:
    """The ETags of a list, weak ones too."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def names_version(header: str, record: Any) -> bool:
    """Whether a list of ETags has the record's version, whatever names were shown; ``*`` stands for any."""
    versions = {NAMES_IN_TAG.sub('"', tag) for tag in tags_in(header)}
    return not {"*", etag_of(record)}.isdisjoint(versions)


class CrmReadViewSet(ListModelMixin, CrmViewSet):
    """List and read."""

    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        tag = self.etag(record)
        if not {"*", tag}.isdisjoint(tags_in(request.headers.get("If-None-Match", ""))):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(self.get_serializer(record).data, headers={"ETag": tag})


class CrmModelViewSet(CrmReadViewSet):
    """List, create, read, change, delete and restore. PUT and PATCH both change only the given fields."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options"]

    def create(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        location = request.build_absolute_uri(f"{request.path.rstrip('/')}/{serializer.instance.pk}")
        return self.answer(serializer.instance, status.HTTP_201_CREATED, Location=location)

    def perform_create(self, serializer: Any) -> None:
        serializer.save()

    def update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        serializer = self.get_serializer(record, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return self.answer(serializer.instance)

    def partial_update(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, *args, **kwargs)

    def perform_update(self, serializer: Any) -> None:
        serializer.save()

    def destroy(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        key = str(record.pk)
        self.perform_destroy(record)
        return Response({"id": key})

    def perform_destroy(self, record: Any) -> None:
        record.delete()


class PartViewSet(CrmModelViewSet):
    """Records that are part of another one, ``whole``, under whose address they stand and whose rights they share.

    To add a part one needs the right for the part and, unless it reaches the whole company, to change the whole.
    """

    whole: type[Any]

    @property
    def whole_name(self) -> str:
        return str(self.whole._meta.model_name)

    def get_queryset(self) -> QuerySet:
        return super().get_queryset().filter(**{self.whole_name: self.kwargs[f"{self.whole_name}_pk"]})

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        whole = self.get_whole()
        if not rules.allows(request.user, whole, "view"):
            raise exceptions.PermissionDenied(f"You may not view this {self.whole._meta.verbose_name}.")
        if self.action:
            self.check_object_permissions(request, self.get_model()(**{self.whole_name: whole}))

    def get_whole(self) -> Any:
        whole = self.whole._default_manager.live().filter(pk=self.kwargs[f"{self.whole_name}_pk"]).first()
        if whole is None:
            raise exceptions.NotFound()
        return whole


class OwnedViewSet(CrmModelViewSet):
    """Owned records: deleting moves to the trash, and what is in the trash is found only to be restored."""

    def get_queryset(self) -> QuerySet:
        if self.action == "restore" or (
            self.action in self.filtered_actions and says_true(self.request.query_params.get("trashed"))
        ):
            return super().get_queryset().trashed()
        return super().get_queryset().live()

    def perform_destroy(self, record: Any) -> None:
        record.deleted_at, record.deleted_by = timezone.now(), self.request.user
        record.save(update_fields=["deleted_at", "deleted_by", "updated_at"])

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Bring a record back from the trash."""
        record = self.get_object()
        self.perform_restore(record)
        return self.answer(record)

    def perform_restore(self, record: Any) -> None:
        record.deleted_at = record.deleted_by = None
        record.save(update_fields=["deleted_at", "deleted_by", "updated_at"])
