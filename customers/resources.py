"""The columns of customer files, in and out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework import serializers

from contacts.people_resource import UNSTORED, PersonResource, vocabulary_of
from crm_project.access import rules
from crm_project.transfer.columns import Source
from crm_project.transfer.rows import Cells, Incoming
from leads.models import Lead

from .models import Customer

MONEY = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0)

VOCABULARY = vocabulary_of(
    ["Customer", "Client", "Клиент", "Покупатель"],
    {
        "type": ["Тип", "Тип клиента"],
        "status": ["Статус", "Статус клиента"],
        "billing_address": ["Address", "Bill To", "Адрес", "Платёжный адрес", "Юридический адрес", "Адрес для счетов"],
        "shipping_address": ["Delivery Address", "Ship To", "Адрес доставки"],
        "payment_terms": ["Terms", "Условия оплаты"],
        "credit_limit": ["Кредитный лимит", "Лимит кредита"],
        "tax_id": ["Tax Number", "VAT", "VAT ID", "VAT Number", "EIN", "ИНН"],
    },
)


class CustomerResource(PersonResource):
    """Customers. Which lead somebody came from is told, but only a conversion sets it."""

    class Meta:
        model = Customer
        fields = [
            *["id", "name", "email", "phone", "company", "type", "status", "billing_address", "shipping_address"],
            *["payment_terms", "credit_limit", "tax_id", "notes"],
            *["lead_id", "assigned_to", "team", "created_at", "updated_at"],
        ]

    vocabulary = VOCABULARY
    unstored = UNSTORED | {"lead_id": "A customer comes from a lead only by its conversion."}
    optional_columns = ("lead_id", "assigned_to", "team", "created_at", "updated_at")
    texts = (*PersonResource.texts, "billing_address", "shipping_address", "payment_terms", "tax_id")
    choices = ("type", "status")
    own_columns = ("type", "status", "billing_address", "shipping_address", "payment_terms", "credit_limit", "tax_id")

    def read(self, cells: Cells, row: Incoming) -> None:
        super().read(cells, row)
        if (limit := cells.value("credit_limit", MONEY)) is not None:
            row.values["credit_limit"] = limit

    def sources(self) -> dict[str, Source]:
        return super().sources() | {"lead_id": ("_seen_lead", None)}

    def export_rows(self, queryset: QuerySet, columns: Sequence[str]) -> Generator[list[Any]]:
        if "lead_id" in columns:
            lead = rules.visible(Lead.objects.filter(pk=OuterRef("lead_id")), self.user)
            queryset = queryset.annotate(_seen_lead=Subquery(lead.values("pk")[:1]))
        return super().export_rows(queryset, columns)
