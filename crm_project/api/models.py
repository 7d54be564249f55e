"""What the API remembers between requests, and what it is called."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from crm_project.database.fields import uuid7_key


class Installation(models.Model):
    """This installation of the CRM, in the one row that a migration makes: what other systems know it by."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    account_id = models.UUIDField(default=uuid4, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_one_row")]

    def __str__(self) -> str:
        return str(self.account_id)


class IdempotencyKey(models.Model):
    """The answer that a POST gave, kept in the same transaction as its effect."""

    id = uuid7_key()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_per_user")]

    def __str__(self) -> str:
        return self.key


class RateCounter(models.Model):
    """Requests of one key or address in one window; an unlogged table, which a crash of the server may empty."""

    name = models.CharField(max_length=100, primary_key=True)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class KeptReport(models.Model):
    """A report on large tables, kept for a minute; an unlogged table, which a crash of the server may empty.

    ``name`` says what it is of and for whom, ``recipe`` is what it takes to count it again. Both columns of bytes are
    sealed: what is in them is trusted.
    """

    name = models.CharField(max_length=64, primary_key=True)
    recipe = models.BinaryField()
    report = models.BinaryField(null=True)
    counted_at = models.DateTimeField(null=True)
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
