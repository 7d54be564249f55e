"""People and companies, how to reach them, how they are grouped and what was said to them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from crm_project.access import rules
from crm_project.access.models import OwnedModel
from crm_project.access.querysets import RestrictedQuerySet
from crm_project.database.functions import Fold
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track

from .. import triggers
from ..querysets import ContactPointQuerySet, ContactQuerySet

LIVE = Q(deleted_at=None)


class Origin(models.TextChoices):
    """The door by which a record came in."""

    API = "api", _("API")
    ADMIN = "admin", _("Admin")
    IMPORT = "import", _("Import")
    APP_CONNECT = "app_connect", _("App Connect")
    EADESK = "eadesk", _("Eadesk")


class NamedModel(BaseModel):
    """Something that people call by its name, whatever its case, accents and spaces."""

    name = models.CharField(_("name"), max_length=255)
    folded_name = models.GeneratedField(
        expression=Fold("name"), output_field=models.TextField(), db_persist=True, editable=False
    )

    class Meta(BaseModel.Meta):
        abstract = True
        ordering = ["folded_name", "pk"]

    def __str__(self) -> str:
        return self.name


def unique_name(kind: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        "folded_name", name=f"{kind}_name_unique", violation_error_message=_("This name is taken already.")
    )


@track()
class Organization(NamedModel):
    """A company or institution that people belong to."""

    domain = models.CharField(_("domain"), max_length=255, blank=True)
    phone = models.CharField(_("phone"), max_length=100, blank=True)
    address = models.TextField(_("address"), blank=True)
    notes = models.TextField(_("notes"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(NamedModel.Meta):
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [unique_name("organization")]
        triggers = [*BaseModel.Meta.triggers, triggers.RENAMED_ORGANIZATION]

    @classmethod
    def access_branches(cls, user: object, verb: str) -> list[Q]:
        """Who does not see every organisation sees those they entered and those of contacts they see.

        Each way to contacts is one way to organisations, so that a list in the order of names stops at its page's end.
        """
        if not rules.may(user, cls, verb):
            return []
        found = rules.branches(user, Contact) if verb == "view" else []
        contacts = [Contact.objects.live().filter(way) for way in ([Q()] if found is None else found)]
        return [Q(created_by=user), *(Q(pk__in=rows.values("organization")) for rows in contacts)]


@track()
class Category(NamedModel):
    """A label for contacts, such as VIP or Wholesale."""

    objects = RestrictedQuerySet.as_manager()

    class Meta(NamedModel.Meta):
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = [unique_name("category")]


@track()
class Segment(NamedModel):
    """A group of contacts: static with members of its own, or dynamic, which is a stored filter of the contact list."""

    class Kind(models.TextChoices):
        STATIC = "static", _("Static: its members are chosen")
        DYNAMIC = "dynamic", _("Dynamic: whoever fits its filter")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.STATIC)
    description = models.TextField(_("description"), blank=True)
    filter = models.JSONField(
        _("filter"),
        default=dict,
        blank=True,
        help_text=_("Parameters of the contact list, such as {“category”: “VIP”}."),
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(NamedModel.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            unique_name("segment"),
            models.CheckConstraint(
                condition=Q(kind="dynamic") | Q(filter={}),
                name="segment_filter_only_when_dynamic",
                violation_error_message=_("Only a dynamic segment has a filter."),
            ),
        ]

    def clean(self) -> None:
        if self.kind == self.Kind.DYNAMIC and ContactSegment.objects.filter(segment=self.pk).exists():
            raise ValidationError({"kind": [_("The segment has members; take them out before it becomes dynamic.")]})


@track(exclude=["search_text"])
class Contact(OwnedModel):
    """One person, or a company that is reached like one. E-mail addresses and numbers are its contact points."""

    class Type(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    name = models.CharField(pgettext_lazy("name of a person", "name"), max_length=255, blank=True)
    description = models.TextField(_("description"), blank=True)
    contact_type = models.CharField(_("type"), max_length=8, choices=Type, default=Type.PERSON, db_default=Type.PERSON)
    job_title = models.CharField(_("job title"), max_length=255, blank=True, default="", db_default="")
    organization = models.ForeignKey(
        Organization,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        db_index=False,
        verbose_name=_("organization"),
    )
    categories = models.ManyToManyField(
        Category, through="ContactCategory", blank=True, related_name="contacts", verbose_name=_("categories")
    )
    segments = models.ManyToManyField(
        Segment, through="ContactSegment", blank=True, related_name="contacts", verbose_name=_("segments")
    )
    origin = models.CharField(
        _("origin"), max_length=16, choices=Origin, default=Origin.API, db_default=Origin.API, editable=False
    )
    external_id = models.CharField(_("external id"), max_length=255, blank=True, default="", db_default="")
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="merged", db_index=False
    )
    sort_name = models.GeneratedField(expression=Fold("name"), output_field=models.TextField(), db_persist=True)
    search_text = models.TextField(editable=False, default="", db_default="")

    objects = ContactQuerySet.as_manager()

    class Meta(OwnedModel.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        default_permissions = (
            *("add", "change", "delete", "view", "share", "import", "export", "merge"),
            *("erase", "disclose"),
        )
        triggers = [*OwnedModel.Meta.triggers, triggers.CONTACT_SEARCH_TEXT]
        indexes = [
            # The list of who sees everything, newest first, and its count.
            models.Index(fields=["id"], name="contact_live", condition=LIVE),
            # One branch each of the list of who sees own, team's and shared contacts, and what they see of the trash.
            models.Index(fields=["assigned_to", "id"], name="contact_owner", include=["deleted_at", "sort_name"]),
            models.Index(
                fields=["team", "id"],
                name="contact_team",
                include=["deleted_at", "sort_name"],
                condition=Q(team__isnull=False),
            ),
            # ?contact_type=company, which few are.
            models.Index(fields=["id"], name="contact_companies", condition=LIVE & Q(contact_type="company")),
            # ?company= and the organisation's page.
            models.Index(
                fields=["organization", "id"], name="contact_organization", condition=Q(organization__isnull=False)
            ),
            # ?ordering=name, ?name= and equal names; ?ordering=updated_at
            models.Index(fields=["sort_name", "id"], name="contact_by_name", condition=LIVE),
            models.Index(fields=["updated_at", "id"], name="contact_by_change", condition=LIVE),
            # ?created_at_after= and ?created_at_before=
            models.Index(fields=["created_at", "id"], name="contact_by_arrival", condition=LIVE),
            # ?search=
            GinIndex(OpClass("search_text", "gin_trgm_ops"), name="contact_search", condition=LIVE),
            # Similar names, for finding duplicates.
            GinIndex(OpClass("sort_name", "gin_trgm_ops"), name="contact_similar_name", condition=LIVE),
            # Names that fit a regular expression, the trash included: Eadesk's person/read?search=
            GinIndex(OpClass("name", "gin_trgm_ops"), name="contact_name_pattern"),
            # ?custom_fields.key=value
            GinIndex(OpClass("custom_fields", "jsonb_path_ops"), name="contact_custom_fields"),
            # ?trashed=true
            models.Index(fields=["id"], name="contact_trash", condition=Q(deleted_at__isnull=False)),
            # Imports that match on the id of another system.
            models.Index(fields=["external_id"], name="contact_external_id", condition=~Q(external_id="")),
            # What was merged into a contact.
            models.Index(fields=["merged_into"], name="contact_merged_into", condition=Q(merged_into__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or str(_("(no name)"))


@track(parent="content_object")
class ContactUserShare(UserObjectPermissionBase):
    """django-guardian's permission of one user for one contact."""

    content_object = models.ForeignKey(Contact, models.CASCADE, related_name="user_shares")


@track(parent="content_object")
class ContactGroupShare(GroupObjectPermissionBase):
    """django-guardian's permission of one group for one contact."""

    content_object = models.ForeignKey(Contact, models.CASCADE, related_name="group_shares")


class Membership(models.Model):
    """A contact's place in a group of contacts."""

    contact = models.ForeignKey(Contact, models.CASCADE)

    class Meta:
        abstract = True


@track(parent="contact")
class ContactCategory(Membership):
    category = models.ForeignKey(Category, models.CASCADE, db_index=False)

    class Meta:
        verbose_name_plural = "contact categories"
        triggers = triggers.CONTACT_TOUCHED
        constraints = [models.UniqueConstraint(fields=["category", "contact"], name="contact_category_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.category_id}"


@track(parent="contact")
class ContactSegment(Membership):
    segment = models.ForeignKey(Segment, models.CASCADE, db_index=False)

    class Meta:
        triggers = triggers.CONTACT_TOUCHED
        constraints = [models.UniqueConstraint(fields=["segment", "contact"], name="contact_segment_once")]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.segment_id}"


@track(exclude=["position"], parent="contact")
class ContactPoint(BaseModel):
    """One way to reach a contact: ``value`` is as given, ``normalized`` is what values are compared by."""

    class Type(models.TextChoices):
        ID = "id", _("Account")
        MAIL = "mail", _("E-mail")
        PHONE = "phone", _("Phone")

    class Service(models.TextChoices):
        MAIL = "mail", _("E-mail")
        PHONE = "phone", _("Phone")
        FACEBOOK = "facebook", "Facebook"
        VK = "vk", "VK"
        WHATSAPP = "whatsapp", "WhatsApp"
        CHATRA = "chatra", "Chatra"
        TELEGRAM = "telegram", "Telegram"
        SKYPE = "skype", "Skype"

    access_parent = "contact"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="points")
    type = models.CharField(_("type"), max_length=8, choices=Type)
    service = models.CharField(_("service"), max_length=16, choices=Service)
    value = models.CharField(_("value"), max_length=500)
    normalized = models.CharField(max_length=500, editable=False, default="", db_default="")
    extension = models.CharField(_("extension"), max_length=8, blank=True, default="", db_default="")
    label = models.CharField(_("label"), max_length=50, blank=True, default="", db_default="")
    origin = models.CharField(
        _("origin"), max_length=16, choices=Origin, default=Origin.API, db_default=Origin.API, editable=False
    )
    is_primary = models.BooleanField(_("primary"), default=False, db_default=False)
    position = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ContactPointQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        ordering = ["-is_primary", "position", "pk"]
        triggers = [*BaseModel.Meta.triggers, *triggers.CONTACT_TOUCHED]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "type"],
                name="contact_point_one_primary",
                condition=LIVE & Q(is_primary=True),
                violation_error_message=_("A contact has one primary e-mail address and one primary phone."),
            )
        ]
        indexes = [
            # Who has this number or address? A caller's lookup, matching on import, duplicates.
            models.Index(fields=["normalized", "contact"], name="contact_point_lookup", condition=LIVE),
            # Values that fit a regular expression or are equal, the trash included: Eadesk's ?search= and ?value=
            GinIndex(OpClass("value", "gin_trgm_ops"), name="contact_point_pattern"),
        ]

    def __str__(self) -> str:
        return self.value


@track(parent="contact")
class Interaction(BaseModel):
    """A call, message, e-mail, meeting or note with a contact."""

    class Type(models.TextChoices):
        CALL = "call", _("Call")
        MESSAGE = "message", _("Message")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        NOTE = "note", _("Note")

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Inbound")
        OUTBOUND = "outbound", _("Outbound")

    access_parent = "contact"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="interactions", db_index=False)
    type = models.CharField(_("type"), max_length=8, choices=Type)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, blank=True)
    subject = models.CharField(_("subject"), max_length=500, blank=True)
    body = models.TextField(_("body"), blank=True)
    note = models.TextField(_("note"), blank=True)
    started_at = models.DateTimeField(_("started at"))
    duration_s = models.PositiveIntegerField(_("duration in seconds"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=255, blank=True)
    recording_url = models.URLField(_("recording"), max_length=2000, blank=True)
    external_id = models.CharField(_("external id"), max_length=255, blank=True)
    details = models.JSONField(default=dict, blank=True, editable=False)
    origin = models.CharField(_("origin"), max_length=16, choices=Origin, default=Origin.API, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", db_index=False
    )

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "external_id"],
                name="interaction_external_id_once",
                condition=~Q(external_id=""),
                violation_error_message=_("An interaction with this external id exists already."),
            )
        ]
        indexes = [
            # A contact's timeline, newest first.
            models.Index(fields=["contact", "started_at", "id"], name="interaction_timeline"),
        ]

    def __str__(self) -> str:
        return self.subject or self.get_type_display()


@track()
class CustomField(BaseModel):
    """A field that staff added to a kind of record; its values live in the records' ``custom_fields``."""

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        LONG_TEXT = "long_text", _("Long text")
        INTEGER = "integer", _("Whole number")
        DECIMAL = "decimal", _("Decimal number")
        BOOLEAN = "boolean", _("Yes or no")
        DATE = "date", _("Date")
        DATETIME = "datetime", _("Date and time")
        CHOICE = "choice", _("One choice")
        MULTI_CHOICE = "multi_choice", _("Several choices")
        URL = "url", _("Web address")
        EMAIL = "email", _("E-mail address")
        PHONE = "phone", _("Phone number")

    entity = models.CharField(_("record"), max_length=32, default="contact")
    key = models.CharField(
        _("key"),
        max_length=64,
        validators=[RegexValidator(r"^[a-z](_?[a-z0-9])*$", _("Small letters, digits and single _; a letter first."))],
    )
    label = models.CharField(_("label"), max_length=255)
    type = models.CharField(_("type"), max_length=16, choices=Type)
    required = models.BooleanField(_("required"), default=False)
    unique = models.BooleanField(_("unique"), default=False)
    choices = ArrayField(models.CharField(max_length=255), default=list, blank=True, verbose_name=_("choices"))
    default = models.JSONField(_("default"), null=True, blank=True)
    help_text = models.CharField(_("help text"), max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["entity", "position", "key"]
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "key"],
                name="custom_field_key_unique",
                violation_error_message=_("This kind of record has a field with this key."),
            )
        ]

    def __str__(self) -> str:
        return self.label


@track(exclude=["snapshot"], parent="survivor")
class ContactMerge(BaseModel):
    """One merge: who was merged into whom, and all that is needed to take it back."""

    access_parent = "survivor"

    survivor = models.ForeignKey(Contact, models.CASCADE, related_name="merges")
    merged_ids = ArrayField(models.UUIDField())
    snapshot = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    objects = RestrictedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        # Merges of which somebody was the survivor are found by the foreign key, those that somebody went into by this.
        indexes = [GinIndex(fields=["merged_ids"], name="contact_merge_merged")]

    def __str__(self) -> str:
        return f"{len(self.merged_ids)} → {self.survivor_id}"
