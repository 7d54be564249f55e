"""The commercial relation with somebody who buys; the person is the contact behind it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from contacts.models import Contact
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
        indexes = [
            *PersonModel.Meta.indexes,
            # Reports and segments, from the index alone: of what kind who bought something is.
            models.Index(
                fields=["id"],
                include=["type", "status", "assigned_to"],
                name="customer_kinds",
                condition=Q(deleted_at=None),
            ),
            # ?created_at_after=
            models.Index(fields=["created_at", "id"], name="customer_by_arrival", condition=Q(deleted_at=None)),
            # ?credit_limit_min=, which few have.
            models.Index(
                fields=["credit_limit", "id"],
                name="customer_by_limit",
                condition=Q(deleted_at=None, credit_limit__isnull=False),
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
    old_contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+", db_index=False)
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


@track()
class FactorWeight(BaseModel):
    """How much a factor of health counts, next to the others; without a row it counts what its app says."""

    key = models.CharField(_("factor"), max_length=32, unique=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), validators=[MaxValueValidator(100)], help_text=_("0 leaves it out.")
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("weight of a health factor")
        verbose_name_plural = _("weights of health factors")
        ordering = ["-weight", "key"]

    def __str__(self) -> str:
        return self.key


@track()
class BuyerSegment(BaseModel):
    """A name for customers whose scores of recency, frequency and money lie in these bounds; the first that fits."""

    key = models.SlugField(_("key"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=64)
    description = models.CharField(_("description"), max_length=255, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    recency_min = models.PositiveSmallIntegerField(_("recency from"), default=1)
    recency_max = models.PositiveSmallIntegerField(_("recency to"), default=10)
    frequency_min = models.PositiveSmallIntegerField(_("frequency from"), default=1)
    frequency_max = models.PositiveSmallIntegerField(_("frequency to"), default=10)
    monetary_min = models.PositiveSmallIntegerField(_("money from"), default=1)
    monetary_max = models.PositiveSmallIntegerField(_("money to"), default=10)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("segment of buyers")
        verbose_name_plural = _("segments of buyers")
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.name


@track()
class SavedSegment(BaseModel):
    """Customers who fit stored parameters of the list of customers."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True)
    filter = models.JSONField(
        _("filter"), default=dict, help_text=_('Parameters of the list, such as {"type": "business"}.')
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("saved segment of customers")
        verbose_name_plural = _("saved segments of customers")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Standing(models.Model):
    """How a customer stands, as it was last computed: health, and recency, frequency and money of what was bought.

    ``factors`` holds, by the key of each factor that there was data for, its ``points`` from 0 to 1, its ``certainty``
    from 0 to 1 and the ``facts`` that it was made of. What ends in ``_before`` is of thirty days earlier. Money is that
    of the currency in which most orders were.
    """

    class Band(models.TextChoices):
        HEALTHY = "healthy", _("Healthy")
        STEADY = "steady", _("Steady")
        AT_RISK = "at_risk", _("At risk")
        UNKNOWN = "unknown", _("Unknown")

    access_parent = "customer"

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="standing")
    health = models.PositiveSmallIntegerField(_("health"), null=True)
    health_before = models.PositiveSmallIntegerField(null=True)
    confidence = models.PositiveSmallIntegerField(_("confidence"), default=0, db_default=0)
    band = models.CharField(_("band"), max_length=8, choices=Band, default=Band.UNKNOWN, db_default=Band.UNKNOWN)
    factors = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    health_at = models.DateTimeField(_("computed at"), null=True)
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    last_order = models.DateTimeField(_("last order"), null=True)
    frequency = models.PositiveIntegerField(_("orders"), null=True)
    monetary = models.DecimalField(_("spent"), max_digits=18, decimal_places=2, null=True)
    recency_score = models.PositiveSmallIntegerField(null=True)
    frequency_score = models.PositiveSmallIntegerField(null=True)
    monetary_score = models.PositiveSmallIntegerField(null=True)
    segment = models.CharField(_("segment"), max_length=32, blank=True, default="", db_default="")
    segment_before = models.CharField(max_length=32, blank=True, default="", db_default="")
    segment_at = models.DateTimeField(null=True)

    objects = RestrictedQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [
            # ?segment= and the sizes of segments; ?health= and the sizes of bands.
            models.Index(fields=["segment", "segment_before"], name="standing_segment"),
            models.Index(fields=["band", "health"], name="standing_band"),
            # Where customers stand, by key, from the index alone.
            models.Index(fields=["customer"], include=["segment", "band"], name="standing_kinds"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.health}"
