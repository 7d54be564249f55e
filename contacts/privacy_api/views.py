"""Two actions of contacts that are about the person behind one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from .. import services
from ..models import Contact
from .serializers import ErasureSerializer, PersonalDataSerializer


class PrivacyActions:
    """Mixed into the view set of contacts."""

    def get_queryset(self) -> QuerySet:
        """What is in the trash is about somebody too."""
        if self.action in {"erase", "personal_data"}:
            return Contact.objects.filter(merged_into=None)
        return super().get_queryset()

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=True, methods=["post"])
    def erase(self, request: Any, pk: Any = None) -> Response:
        """Erase the person behind a contact.

        For good, everywhere, the trash and the history included: the contact and what was merged into it, leads,
        customers, interactions, tasks, feedback, mails. Orders stay for the books without the person. Files of imports
        and exports that name the person are deleted within minutes, when `finished_at` is set. Answers the act, which
        says who, when and how many rows; again gives the same. Needs a right of its own.
        """
        contact = self.get_object()
        erasure = services.erase_contact(contact_id=contact.pk, actor=request.user, door="api")
        return Response(ErasureSerializer(erasure).data)

    @extend_schema(responses=PersonalDataSerializer)
    @action(detail=True)
    def personal_data(self, request: Any, pk: Any = None) -> Response:
        """Get everything that is stored about a person.

        For people who ask what is known of them: the rows of every table and of its history that are about the person
        behind the contact, whoever owns them. Needs a right of its own.
        """
        contact = self.get_object()
        return Response(PersonalDataSerializer(services.personal_data(contact_id=contact.pk)).data)
