"""The commercial relation with somebody who buys; the person is the contact behind it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from contacts.people import PersonModel
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track
from leads.models import Lead


@track(exclude=["search_text"])
class Customer(PersonModel):
    """Somebody who buys."""

    class Type(models.TextChoices):
        INDIVIDUAL = "individual", _("Individual")
        BUSINESS = "business", _("Business")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")
        BLOCKED = "blocked", _("Blocked")

    lead = models.OneToOneField(
        Lead, models.SET_NULL, null=True, blank=True, editable=False, related_name="customer", verbose_name=_("lead")
    )
    type = models.CharField(_("type"), max_length=10, choices=Type, default=Type.INDIVIDUAL, db_default=Type.INDIVIDUAL)
    status = models.CharField(
        _("status"), max_length=8, choices=Status, default=Status.ACTIVE, db_default=Status.ACTIVE
    )
    billing_address = models.TextField(_("billing address"), blank=True, default="", db_default="")
    shipping_address = models.TextField(_("shipping address"), blank=True, default="", db_default="")
    payment_terms = models.CharField(_("payment terms"), max_length=255, blank=True, default="", db_default="")
    credit_limit = models.DecimalField(
        _("credit limit"), max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    tax_id = models.CharField(_("tax id"), max_length=64, blank=True, default="", db_default="")

    class Meta(PersonModel.Meta):
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            *PersonModel.Meta.constraints,
            models.CheckConstraint(
                condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0),
                name="customer_credit_limit_not_negative",
                violation_error_message=_("A credit limit is not negative."),
            ),
        ]


@track(parent="content_object")
class CustomerUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one customer."""

    content_object = models.ForeignKey(Customer, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class CustomerGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one customer."""

    content_object = models.ForeignKey(Customer, models.CASCADE, related_name="group_shares")


@track(parent="customer")
class CustomerInteraction(BaseModel):
    """Something that happened between us and a customer, and what is to be done next."""

    class Type(models.TextChoices):
        EMAIL = "email", _("E-mail")
        CALL = "call", _("Call")
        MEETING = "meeting", _("Meeting")
        SUPPORT = "support", _("Support")
        PURCHASE = "purchase", _("Purchase")
        OTHER = "other", _("Other")

    access_parent = "customer"

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="interactions", db_index=False)
    type = models.CharField(_("type"), max_length=8, choices=Type)
    subject = models.CharField(_("subject"), max_length=500)
    date = models.DateTimeField(_("date"))
    description = models.TextField(_("description"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=255, blank=True)
    next_action = models.CharField(_("next action"), max_length=500, blank=True)
    next_action_date = models.DateTimeField(_("date of the next action"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("interaction with a customer")
        verbose_name_plural = _("interactions with customers")
        ordering = ["-date", "-pk"]
        indexes = [
            # A customer's interactions, newest first.
            models.Index(fields=["customer", "date", "id"], name="customer_interaction_list"),
            # Follow-ups that are due.
            models.Index(
                fields=["next_action_date"],
                name="customer_interaction_due",
                condition=Q(next_action_date__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


@track(parent="customer")
class Conversion(BaseModel):
    """One conversion of a lead, with what is needed to take it back."""

    access_parent = "customer"

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="conversions")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="conversions")
    old_status = models.CharField(max_length=11)
    made_customer = models.BooleanField()
    converted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("conversion")
        verbose_name_plural = _("conversions")
        constraints = [
            models.UniqueConstraint(fields=["lead"], name="conversion_once", condition=Q(undone_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.customer_id}"


@track()
class StandingRules(BaseModel):
    """By what customers are judged. One row at most; as long as there is none, the defaults count."""

    churn_days = models.PositiveSmallIntegerField(
        _("days until gone"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3_650)],
        help_text=_("A customer who has not ordered for longer counts as churned."),
    )
    window_days = models.PositiveSmallIntegerField(
        _("days looked at"),
        default=365,
        validators=[MinValueValidator(7), MaxValueValidator(3_650)],
        help_text=_("Frequency and money are those of so many days; who bought nothing in them is in no segment."),
    )
    groups = models.PositiveSmallIntegerField(
        _("scores"),
        default=5,
        validators=[MinValueValidator(2), MaxValueValidator(10)],
        help_text=_("Customers are divided into so many equal groups by recency, frequency and money."),
    )
    healthy_from = models.PositiveSmallIntegerField(
        _("healthy from"), default=70, validators=[MaxValueValidator(100)], help_text=_("Health of 0 to 100.")
    )
    at_risk_below = models.PositiveSmallIntegerField(
        _("at risk below"), default=40, validators=[MaxValueValidator(100)], help_text=_("Health of 0 to 100.")
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("rules for segments and health")
        verbose_name_plural = _("rules for segments and health")
        constraints = [
            models.UniqueConstraint(
                Value(1), name="standing_rules_once", violation_error_message=_("There is one set of rules.")
            ),
            models.CheckConstraint(
                condition=Q(at_risk_below__lte=models.F("healthy_from")),
                name="standing_rules_bands_in_order",
                violation_error_message=_("The healthy begin above those at risk."),
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> StandingRules:
        return cls.objects.first() or cls()
