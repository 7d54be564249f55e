"""The same file by django-import-export as its documentation has it: what an import costs without the bulk engine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from import_export import fields, resources, widgets
from tablib import Dataset

from contacts.models import Category, Contact, ContactPoint, Organization


class Companies(widgets.ForeignKeyWidget):
    def clean(self, value, row=None, **kwargs):
        return self.model.objects.get_or_create(name=value)[0] if value else None


class Categories(widgets.ManyToManyWidget):
    def clean(self, value, row=None, **kwargs):
        return [self.model.objects.get_or_create(name=name)[0] for name in (value or "").split(";") if name]


class PlainResource(resources.ModelResource):
    organization = fields.Field("company", "organization", widget=Companies(Organization, "name"))

    class Meta:
        model = Contact
        fields = ["name", "job_title", "organization"]
        import_id_fields: list[str] = []
        clean_model_instances = True

    def get_instance(self, instance_loader, row):
        point = ContactPoint.objects.filter(type="mail", normalized=row["email"].lower(), deleted_at=None).first()
        return point and point.contact

    def before_save_instance(self, instance, row, **kwargs):
        instance.custom_fields = instance.custom_fields | {"city": row["custom_fields.city"]}

    def after_save_instance(self, instance, row, **kwargs):
        for position, (kind, column) in enumerate((("mail", "email"), ("phone", "phone"), ("phone", "other_phones"))):
            point = ContactPoint(contact=instance, type=kind, service=kind, value=row[column], position=position)
            point.normalized = row[column].lower()
            point.is_primary = column in ("email", "phone")
            if not instance.points.filter(normalized=point.normalized).exists():
                point.full_clean()
                point.save()
        for category in Categories(Category, separator=";").clean(row["categories"]):
            instance.categories.add(category)


def main() -> None:
    dataset = Dataset().load(Path(sys.argv[1]).read_text(), format="csv")
    started = time.perf_counter()
    result = PlainResource().import_data(dataset, raise_errors=False)
    seconds = time.perf_counter() - started
    assert result.totals["new"] > len(dataset) // 2, result.totals
    print(len(dataset) / seconds)
