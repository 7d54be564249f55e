"""Products, and orders with their money frozen at the sale."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from crm_project.access.models import OwnedModel
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track
from customers.models import Customer

from .querysets import SOLD, OrderQuerySet

LIVE = Q(deleted_at=None)
currency_code = RegexValidator(r"^[A-Z]{3}$", _("A currency code of three capital letters (ISO 4217)."))


@track()
class Product(BaseModel):
    """Something that is sold. Without ``stock`` there is no end of it."""

    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True, default="", db_default="")
    price = models.DecimalField(_("price"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(
        _("currency"), max_length=3, default="USD", db_default="USD", validators=[currency_code]
    )
    active = models.BooleanField(_("active"), default=True, db_default=True)
    stock = models.PositiveIntegerField(_("stock"), null=True, blank=True, help_text=_("Left out: unlimited."))

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        default_permissions = ("add", "change", "delete", "view", "import", "export")
        ordering = ["sku", "pk"]
        constraints = [
            models.UniqueConstraint(
                Upper("sku"), name="product_sku_unique", violation_error_message=_("Another product has this SKU.")
            ),
            models.CheckConstraint(
                condition=Q(stock__isnull=True) | Q(stock__gte=0),
                name="product_stock_not_negative",
                violation_error_message=_("There is not enough stock."),
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0),
                name="product_price_not_negative",
                violation_error_message=_("A price is not negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


@track(parent="customer")
class Order(OwnedModel):
    """So many of one product for one customer, at the price and in the currency of the day it was sold."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        PROCESSING = "processing", _("Processing")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        CANCELLED = "cancelled", pgettext_lazy("order", "Cancelled")

    number = models.PositiveBigIntegerField(_("number"), unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="orders", db_index=False, verbose_name=_("customer")
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="orders", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])
    unit_price = models.DecimalField(_("unit price"), max_digits=14, decimal_places=2, editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False, validators=[currency_code])
    total = models.DecimalField(_("total"), max_digits=18, decimal_places=2, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    order_date = models.DateTimeField(_("order date"))
    shipping_address = models.TextField(_("shipping address"), blank=True)
    billing_address = models.TextField(_("billing address"), blank=True)
    notes = models.TextField(_("notes"), blank=True)
    holds_stock = models.BooleanField(default=False, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta(OwnedModel.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        default_permissions = ("add", "change", "delete", "view", "share", "export")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1),
                name="order_quantity_positive",
                violation_error_message=_("At least one must be ordered."),
            ),
            models.CheckConstraint(
                condition=Q(total=F("unit_price") * F("quantity")),
                name="order_total_is_price_times_quantity",
                violation_error_message=_("The total is the unit price times the quantity."),
            ),
        ]
        indexes = [
            # The list of who sees everything, newest first, and its count.
            models.Index(fields=["id"], name="order_live", condition=LIVE),
            # One branch each of the list of who sees own, team's and shared orders, and what they see of the trash.
            models.Index(fields=["assigned_to", "id"], name="order_owner", include=["deleted_at"]),
            models.Index(
                fields=["team", "id"], name="order_team", include=["deleted_at"], condition=Q(team__isnull=False)
            ),
            models.Index(fields=["id"], name="order_trash", condition=Q(deleted_at__isnull=False)),
            # A customer's orders, also the open ones that a credit limit counts.
            models.Index(fields=["customer", "id"], name="order_customer"),
            # ?status=
            models.Index(fields=["status", "id"], name="order_status", condition=LIVE),
            # ?created_at_after=, ?updated_at_after= and ?total_min=
            models.Index(fields=["created_at", "id"], name="order_by_arrival", condition=LIVE),
            models.Index(fields=["updated_at", "id"], name="order_by_change", condition=LIVE),
            models.Index(fields=["total", "id"], name="order_by_total", condition=LIVE),
            # ?ordering=order_date
            models.Index(fields=["order_date", "id"], name="order_by_date", condition=LIVE),
            # Reports, from the index alone: what was ordered in a period, and what each customer ever bought.
            models.Index(
                fields=["order_date"],
                include=["status", "currency", "total", "assigned_to", "customer", "product"],
                name="order_by_period",
                condition=LIVE,
            ),
            models.Index(
                fields=["customer", "order_date"],
                include=["currency", "total"],
                name="order_habits",
                condition=LIVE & Q(status__in=SOLD),
            ),
            # ?custom_fields.key=value
            GinIndex(OpClass("custom_fields", "jsonb_path_ops"), name="order_custom_fields"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


@track(parent="content_object")
class OrderUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one order."""

    content_object = models.ForeignKey(Order, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class OrderGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one order."""

    content_object = models.ForeignKey(Order, models.CASCADE, related_name="group_shares")


class OrderStatusChange(BaseModel):
    """One step of an order on its way."""

    access_parent = "order"

    order = models.ForeignKey(Order, models.CASCADE, related_name="status_changes")
    old = models.CharField(max_length=10, choices=Order.Status, blank=True)
    new = models.CharField(max_length=10, choices=Order.Status)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"


class OrderCounter(models.Model):
    """The last order number given; its one row is locked until the order is committed, so there are no gaps."""

    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last)
