"""Customers among those who may be calling."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery

from contacts.app_connect import sources
from contacts.models import Origin
from crm_project.access.models import User

from . import services
from .models import Customer, CustomerInteraction


def register() -> None:
    sources.register(CustomerSource())


class CustomerSource(sources.PersonSource):
    kind, entity, model = "Customer", "customer", Customer
    last_activity = Subquery(
        CustomerInteraction.objects.filter(customer=OuterRef("pk")).order_by("-date").values("date")[:1]
    )

    def create(self, *, actor: User, name: str, phone: str, custom_fields: dict[str, Any]) -> Customer:
        return services.create_customer(
            actor=actor, origin=Origin.APP_CONNECT, name=name, phone=phone, custom_fields=custom_fields
        )
