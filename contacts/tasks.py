"""What workers do for contacts."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from procrastinate.contrib.django import app

from crm_project.jobs.retry import Patiently

from . import custom_fields
from .models import CustomField


@app.task(queue="housekeeping", retry=Patiently())
def forget_custom_field(entity: str, key: str) -> None:
    """Remove the values of a field that was deleted."""
    custom_fields.forget(entity, key)


@receiver(post_delete, sender=CustomField)
def forget_values(instance: CustomField, **kwargs: Any) -> None:
    """However the field is deleted, its values go too, after the transaction."""
    forget_custom_field.defer(entity=instance.entity, key=instance.key)
