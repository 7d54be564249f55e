"""The columns of product files, in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from rest_framework import serializers
from uuid_utils.compat import uuid7

from crm_project.access import rules
from crm_project.database import copying
from crm_project.transfer.headers import Vocabulary
from crm_project.transfer.resources import CrmResource, Draft
from crm_project.transfer.rows import Cells, Incoming, RowRefused

from .models import Product, currency_code

TEXTS = ("sku", "name", "description")
COLUMNS = (*TEXTS, "price", "currency", "active", "stock")
MOST_STOCK = 2**31 - 1


class Active(serializers.BooleanField):
    """Also in Russian, and as a word of catalogues."""

    TRUE_VALUES = {*serializers.BooleanField.TRUE_VALUES, "да", "active", "активен"}
    FALSE_VALUES = {*serializers.BooleanField.FALSE_VALUES, "нет", "inactive", "неактивен"}

    def to_internal_value(self, data: Any) -> bool | None:
        return super().to_internal_value(data.lower() if isinstance(data, str) else data)


FIELDS: dict[str, serializers.Field] = {
    "price": serializers.DecimalField(max_digits=14, decimal_places=2, min_value=0),
    "active": Active(),
    "stock": serializers.IntegerField(min_value=0, max_value=MOST_STOCK),
}
VOCABULARY = Vocabulary(
    targets={
        "id": [],
        "sku": ["Product Code", "Item Number", "Article", "Part Number", "Артикул", "Код", "Код товара"],
        "name": ["Product", "Product Name", "Title", "Item", "Название", "Наименование", "Товар"],
        "description": ["Notes", "Details", "Описание", "Примечание"],
        "price": ["Unit Price", "List Price", "Цена", "Стоимость"],
        "currency": ["Currency Code", "Валюта"],
        "active": ["Is Active", "Enabled", "Status", "Активен", "В продаже"],
        "stock": ["Quantity", "Qty", "In Stock", "Inventory", "Остаток", "Остатки", "Количество", "Склад"],
    }
)


@dataclass(slots=True)
class ProductDraft(Draft):
    resource: ProductResource
    record: Product
    is_new: bool
    is_begun: bool = False

    @property
    def id(self) -> UUID:
        return self.record.pk

    @property
    def label(self) -> str:
        return str(self.record)

    def apply(self, row: Incoming, *, fill: bool) -> dict[str, tuple[Any, Any]]:
        values = row.values
        if self.is_new and not self.is_begun:
            for name in ("sku", "name", "price"):
                if name not in values:
                    raise RowRefused(_("A product needs a %s.") % name, name)
        changes = {}
        for name in COLUMNS:
            before = getattr(self.record, name)
            if name in values and values[name] != before and not (fill and before not in (None, "")):
                changes[name] = before, values[name]
        if "sku" in changes and self.resource.owners.get(values["sku"].upper(), self.id) != self.id:
            hint = "" if "sku" in self.resource.options.match else _(" To change that product, match by sku.")
            raise RowRefused(_("Another product has this SKU.%s") % hint, "sku", values["sku"])
        if "sku" in changes:
            self.resource.owners[values["sku"].upper()] = self.id
        is_first, self.is_begun = self.is_new and not self.is_begun, True
        for name, (_before, after) in changes.items():
            setattr(self.record, name, after)
        return {name: (None, values[name]) for name in COLUMNS if name in values} if is_first else changes


class ProductResource(CrmResource):
    """Products, known by their SKU in any case. Without ``stock`` there is no end of a product."""

    class Meta:
        model = Product
        fields = ["id", *COLUMNS, "created_at", "updated_at"]

    vocabulary = VOCABULARY
    match_keys = ("id", "sku")
    unstored = dict.fromkeys(["created_at", "updated_at"], "The CRM sets this itself.")
    optional_columns = ("created_at", "updated_at")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.owners: dict[str, UUID] = {}

    def read(self, cells: Cells, row: Incoming) -> None:
        values = row.values
        for name in TEXTS:
            limit = Product._meta.get_field(name).max_length
            if text := cells.text(name, limit, strip=limit is not None):
                values[name] = text
        for name, field in FIELDS.items():
            if (value := cells.value(name, field)) is not None:
                values[name] = value
        if text := cells.text("currency"):
            values["currency"] = text.upper()
            cells.check(cells.header("currency") or "currency", text, lambda: currency_code(text.upper()))
        if "sku" in values:
            row.keys["sku"] = [values["sku"].upper()]
        cells.read_key(row)

    def resolve(self, rows: Sequence[Incoming], *, make: bool) -> None:
        asked = [row.keys["sku"][0] for row in rows if "sku" in row.keys]
        self.owners = dict(self._by_sku(asked)) if asked else {}

    @staticmethod
    def _by_sku(values: Sequence[str]) -> Any:
        products = Product.objects.annotate(folded=Upper("sku")).filter(folded__in=values)
        return products.values_list("folded", "pk")

    def find(self, key: str, values: Sequence[str]) -> Iterable[tuple[str, UUID]]:
        if key == "sku":
            return rules.visible(self._by_sku(values), self.user)
        found = rules.visible(Product.objects.filter(pk__in=values), self.user).values_list("pk", flat=True)
        return [(str(pk), pk) for pk in found]

    def taken(self, ids: Sequence[UUID]) -> set[UUID]:
        return set(Product.objects.filter(pk__in=ids).values_list("pk", flat=True))

    def load(self, ids: Iterable[UUID], *, lock: bool) -> dict[UUID, Draft]:
        products = Product.objects.filter(pk__in=list(ids)).order_by("pk")
        if lock:
            products = products.select_for_update()
        return {product.pk: ProductDraft(self, product, is_new=False) for product in products}

    def changeable(self, ids: Iterable[UUID]) -> set[UUID]:
        return set(ids) if rules.may(self.user, Product, "change") else set()

    def new(self, row: Incoming) -> Draft:
        key = UUID(row.keys["id"][0]) if "id" in row.keys else uuid7()
        return ProductDraft(self, Product(pk=key), is_new=True)

    def write(self, drafts: Sequence[Draft]) -> None:
        products = [draft for draft in drafts if isinstance(draft, ProductDraft)]
        new = [_row(draft.record) for draft in products if draft.is_new]
        changed = [_row(draft.record) for draft in products if not draft.is_new]
        if changed:
            copying.update(Product, COLUMNS, changed)
        if new:
            copying.copy(Product, ("id", *COLUMNS), new)


def _row(product: Product) -> list[Any]:
    return [product.pk, *(getattr(product, name) for name in COLUMNS)]
