"""What leads and customers have in common: a person seen in one role, behind whom stands one contact."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm_project.access.models import OwnedModel
from crm_project.access.querysets import OwnedQuerySet
from crm_project.database.functions import Fold

from . import phones, points
from .models import LIVE, Contact
from .search import searched


class SearchText(models.Func):
    """Name, company, e-mail and the number's digits, folded, as one text for one trigram index."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        columns = [compiler.compile(each)[0] for each in self.get_source_expressions()]
        *texts, phone = (f"COALESCE({column}, '')" for column in columns)
        parts = [*texts, f"regexp_replace({phone}, '\\D', '', 'g')"]
        return f"crm_fold({' || chr(10) || '.join(parts)})", []


class PersonQuerySet(OwnedQuerySet):
    def search(self, text: str) -> Self:
        """As the search of contacts, in name, company, e-mail and number."""
        return searched(self, text)


class PersonModel(OwnedModel):
    """Name, e-mail and number as this role knows them; the contact unites what all roles know."""

    name = models.CharField(pgettext_lazy("name of a person", "name"), max_length=255)
    email = models.EmailField(_("e-mail"), max_length=254, null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=100, blank=True, default="", db_default="")
    normalized_phone = models.CharField(max_length=100, blank=True, editable=False, default="", db_default="")
    company = models.CharField(_("company"), max_length=255, blank=True, default="", db_default="")
    notes = models.TextField(_("notes"), blank=True, default="", db_default="")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="%(class)ss", db_index=False, editable=False)
    sort_name = models.GeneratedField(
        expression=Fold("name"),
        output_field=models.TextField(),
        db_persist=True,
    )
    search_text = models.GeneratedField(
        expression=SearchText("name", "company", "email", "normalized_phone"),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects: ClassVar[Any] = PersonQuerySet.as_manager()

    class Meta(OwnedModel.Meta):
        abstract = True
        default_permissions = ("add", "change", "delete", "view", "share", "import", "export")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="%(class)s_email_unique",
                condition=LIVE & Q(email__isnull=False),
                violation_error_message=_("Another record has this e-mail address."),
            )
        ]
        indexes = [
            # The list of who sees everything, newest first, and its count.
            models.Index(fields=["id"], name="%(class)s_live", condition=LIVE),
            # One branch each of the list of who sees own and team's people, and what they see of the trash.
            models.Index(fields=["assigned_to", "id"], name="%(class)s_owner", include=["deleted_at", "sort_name"]),
            models.Index(
                fields=["team", "id"],
                name="%(class)s_team",
                include=["deleted_at", "sort_name"],
                condition=Q(team__isnull=False),
            ),
            models.Index(fields=["id"], name="%(class)s_trash", condition=Q(deleted_at__isnull=False)),
            # ?status=, also together with the newest first.
            models.Index(fields=["status", "id"], name="%(class)s_status", condition=LIVE),
            # ?ordering=name and ?ordering=updated_at
            models.Index(fields=["sort_name", "id"], name="%(class)s_by_name", condition=LIVE),
            models.Index(fields=["updated_at", "id"], name="%(class)s_by_change", condition=LIVE),
            # Who has an address and is in the trash.
            models.Index(
                Lower("email"),
                name="%(class)s_trashed_email",
                condition=Q(deleted_at__isnull=False, email__isnull=False),
            ),
            # ?search=
            GinIndex(OpClass("search_text", "gin_trgm_ops"), name="%(class)s_search", condition=LIVE),
            # ?custom_fields.key=value
            GinIndex(OpClass("custom_fields", "jsonb_path_ops"), name="%(class)s_custom_fields"),
            # Who has this number? A caller's lookup, imports that match by number.
            models.Index(fields=["normalized_phone"], name="%(class)s_phone", condition=LIVE & ~Q(normalized_phone="")),
            # A contact's timeline, its merge.
            models.Index(fields=["contact"], name="%(class)s_contact"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Bring e-mail and number into the form they are compared by."""
        self.email = self.email.strip() if self.email else None
        self.normalized_phone = phones.parse(self.phone).normalized if self.phone else ""
        try:
            if self.phone:
                points.check("phone", self.phone)
        except ValidationError as error:
            raise ValidationError({"phone": error.messages}) from error
