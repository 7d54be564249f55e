"""Who may sign in, what their roles and keys are, and what it means to own a record."""

import hashlib
import secrets
from datetime import timedelta
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm_project.database.fields import uuid7_key
from crm_project.database.models import BaseModel
from crm_project.history.tracking import track

from .querysets import OwnedQuerySet


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone such as Europe/Paris."), params={"name": name})


@track(exclude=["password", "last_login"])
class User(AbstractUser):
    """Somebody who works with the CRM. Rights come from the groups: roles and teams."""

    id = uuid7_key()
    email = models.EmailField(_("email address"), blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    language = models.CharField(max_length=8, choices=[("en", "English"), ("ru", "Русский")], default="en")

    objects = DjangoUserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                condition=~models.Q(email=""),
                violation_error_message=_("Another user has this e-mail address."),
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


@track()
class Role(models.Model):
    """Makes a group a role: its permissions count for every record, or only for those its members own or share.

    A group without a role is a team: records are assigned to it, and rights that it holds count like the second kind.
    """

    class Reach(models.TextChoices):
        COMPANY = "company", _("Every record of the company")
        OWN = "own", _("Own, team's and shared records")

    group = models.OneToOneField(Group, models.CASCADE, primary_key=True, related_name="role")
    reach = models.CharField(max_length=8, choices=Reach, default=Reach.OWN)
    description = models.CharField(max_length=255, blank=True)

    def __str__(self) -> str:
        return self.group.name


@track(exclude=["digest", "last_used_at"], parent="user")
class ApiKey(BaseModel):
    """A secret by which a program acts as its user, cut down by the key's scopes. Only its SHA-256 is stored."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Write")

    SECRET_PREFIX = "crm_"
    SHOWN_CHARACTERS = 12

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=SHOWN_CHARACTERS, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope), default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(BaseModel.Meta):
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name or _('API key')} ({self.prefix}…)"

    @staticmethod
    def digest_of(secret: str) -> bytes:
        return hashlib.sha256(secret.encode()).digest()

    @classmethod
    def new_secret(cls) -> str:
        """256 random bits in base64url, with a prefix by which secret scanners know it."""
        return cls.SECRET_PREFIX + secrets.token_urlsafe(32)

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def seems_unused(self) -> bool:
        """Whether its use is to be noted. Once a minute finds forgotten keys, and keeps reading from writing."""
        resolution = timedelta(seconds=settings.CRM_KEY_USE_RESOLUTION)
        return self.last_used_at is None or timezone.now() - self.last_used_at > resolution


@track()
class TrackedGroup(Group):
    """Django's group, whose changes are recorded."""

    class Meta:
        proxy = True


@track(parent="user")
class Membership(User.groups.through):  # type: ignore[name-defined]
    """That a user has a role or belongs to a team; each change is recorded."""

    class Meta:
        proxy = True


@track(parent="group")
class Grant(Group.permissions.through):  # type: ignore[name-defined]
    """That a role or a team holds a permission; each change is recorded."""

    class Meta:
        proxy = True


class OwnedModel(BaseModel):
    """A record that belongs to somebody: what ``visible`` decides about. Deleting moves it to the trash."""

    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    team = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    custom_fields = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))

    objects = OwnedQuerySet.as_manager()

    class Meta(BaseModel.Meta):
        abstract = True
