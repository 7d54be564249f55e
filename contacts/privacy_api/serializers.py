"""The act that stays of an erasure, and all that is stored about a person, on the wire."""

from __future__ import annotations

from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example
from crm_project.api.serializers import CrmModelSerializer
from crm_project.privacy.models import Erasure


@example(
    None,
    id=KEY,
    contact_ids=[KEY],
    erased_by=KEY,
    erased_at=TIMES["created_at"],
    door="api",
    counts={"contacts.contact": 1, "contacts.contactpoint": 2, "customers.customer": 1, "orders.order": 3},
    finished_at=None,
)
class ErasureSerializer(CrmModelSerializer):
    """The act that stays of a person who was erased."""

    erased_at = serializers.DateTimeField(source="created_at", read_only=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows of each table that were about them."
    )
    finished_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the files had been looked through too; until then null."
    )

    class Meta:
        model = Erasure
        fields = ["id", "contact_ids", "erased_by", "erased_at", "door", "counts", "finished_at"]
        read_only_fields = fields


class TableSerializer(serializers.Serializer):
    """The rows of one table that are about the person, in the table's own columns."""

    table = serializers.CharField()
    name = serializers.CharField(help_text="What the rows are, in words.")
    rows = serializers.ListField(child=serializers.DictField())


@example(
    None,
    contact_ids=[KEY],
    at=TIMES["created_at"],
    tables=[
        {
            "table": "contacts_contact",
            "name": "contacts",
            "rows": [
                {
                    "id": KEY,
                    "name": "James Butt",
                    "description": "Met at the fair",
                    "created_at": "2026-01-31T12:00:00Z",
                }
            ],
        },
        {
            "table": "contacts_contactevent",
            "name": "contacts (history)",
            "rows": [{"pgh_label": "insert", "pgh_obj_id": KEY, "name": "Jim Butt"}],
        },
    ],
)
class PersonalDataSerializer(serializers.Serializer):
    """Everything that is stored about the person, history included. Tables with nothing are left out."""

    contact_ids = serializers.ListField(child=serializers.UUIDField(), help_text="The contact and what was merged in.")
    at = serializers.DateTimeField()
    tables = TableSerializer(many=True)
