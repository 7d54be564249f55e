"""Valid rows with the fewest fields. What is not given stays empty; a contact belongs to nobody unless told."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from factory.django import DjangoModelFactory

from contacts import services as contacts
from contacts.models import Category, Contact, ContactPoint, CustomField, Interaction, Organization, Segment, Task
from crm_project.access import services as access
from crm_project.access.models import ApiKey, User
from customers import services as customers
from customers.models import Customer
from feedback import services as feedback
from feedback.models import Feedback, Theme
from leads import services as leads
from leads.models import Campaign, Lead
from orders import services as orders
from orders.models import Order, Product


class UserFactory(DjangoModelFactory):
    """``UserFactory(groups=["Sales", team])``: roles by name, teams as groups."""

    username = factory.Sequence("user{}".format)

    class Meta:
        model = User
        skip_postgeneration_save = True

    @factory.post_generation
    def groups(self, create, given, **kwargs):
        if given:
            self.groups.set(Group.objects.get(name=each) if isinstance(each, str) else each for each in given)


class TeamFactory(DjangoModelFactory):
    name = factory.Sequence("Team {}".format)

    class Meta:
        model = Group


class ApiKeyFactory(DjangoModelFactory):
    """A key with its ``secret`` as an attribute, used a moment ago so that using it writes nothing."""

    user = factory.SubFactory(UserFactory)
    last_used_at = factory.LazyFunction(timezone.now)

    class Meta:
        model = ApiKey

    @classmethod
    def _create(cls, model_class, *args, **fields):
        made = {name: fields.pop(name) for name in ("user", "name", "scopes", "expires_at") if name in fields}
        key, secret = access.create_api_key(**made)
        for name, value in fields.items():
            setattr(key, name, value)
        key.save(update_fields=[*fields])
        key.secret = secret
        return key


class OrganizationFactory(DjangoModelFactory):
    name = factory.Sequence("Organization {}".format)

    class Meta:
        model = Organization


class CategoryFactory(DjangoModelFactory):
    name = factory.Sequence("Category {}".format)

    class Meta:
        model = Category


class SegmentFactory(DjangoModelFactory):
    name = factory.Sequence("Segment {}".format)

    class Meta:
        model = Segment


class ContactFactory(DjangoModelFactory):
    """``ContactFactory(email=…, phone=…, company=…, categories=[…], actor=…)``: whatever the service takes."""

    name = factory.Sequence("Contact {}".format)
    actor = None
    assigned_to = None

    class Meta:
        model = Contact

    @classmethod
    def _create(cls, model_class, *args, **fields):
        return contacts.create_contact(**fields)


class ContactPointFactory(DjangoModelFactory):
    """One more point of a contact; ``type`` and ``value`` decide the rest."""

    contact = factory.SubFactory(ContactFactory)
    type = ContactPoint.Type.PHONE
    value = "504-621-8927"

    class Meta:
        model = ContactPoint

    @classmethod
    def _create(cls, model_class, *args, type, value, service="", **fields):
        from contacts.services.contacts import PointData

        point = PointData(type, value, service).apply_to(ContactPoint())
        for name, given in fields.items():
            setattr(point, name, given)
        point.save(force_insert=True)
        return point


class CustomFieldFactory(DjangoModelFactory):
    key = factory.Sequence("field_{}".format)
    label = factory.LazyAttribute(lambda field: field.key.replace("_", " ").capitalize())
    type = CustomField.Type.TEXT

    class Meta:
        model = CustomField


class InteractionFactory(DjangoModelFactory):
    contact = factory.SubFactory(ContactFactory)
    type = Interaction.Type.CALL
    started_at = factory.LazyFunction(timezone.now)

    class Meta:
        model = Interaction


class TaskFactory(DjangoModelFactory):
    title = factory.Sequence("Task {}".format)
    due_at = factory.LazyFunction(lambda: timezone.now() + dt.timedelta(days=1))

    class Meta:
        model = Task


class CampaignFactory(DjangoModelFactory):
    name = factory.Sequence("Campaign {}".format)

    class Meta:
        model = Campaign


class LeadFactory(DjangoModelFactory):
    """``LeadFactory(actor=…, status=…, score=…)``: whatever the service takes."""

    name = factory.Sequence("Lead {}".format)
    email = factory.Sequence("lead{}@example.com".format)
    actor = None
    assigned_to = None

    class Meta:
        model = Lead

    @classmethod
    def _create(cls, model_class, *args, **fields):
        return leads.create_lead(**fields)


class CustomerFactory(DjangoModelFactory):
    name = factory.Sequence("Customer {}".format)
    email = factory.Sequence("customer{}@example.com".format)
    actor = None
    assigned_to = None

    class Meta:
        model = Customer

    @classmethod
    def _create(cls, model_class, *args, **fields):
        return customers.create_customer(**fields)


class ProductFactory(DjangoModelFactory):
    sku = factory.Sequence("SKU-{}".format)
    name = factory.Sequence("Product {}".format)
    price = Decimal("10.00")

    class Meta:
        model = Product


class OrderFactory(DjangoModelFactory):
    customer = factory.SubFactory(CustomerFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = 1
    actor = None

    class Meta:
        model = Order

    @classmethod
    def _create(cls, model_class, *args, **fields):
        return orders.create_order(**fields)


class FeedbackFactory(DjangoModelFactory):
    """``FeedbackFactory(rating=…, comment=…, category=…)`` is answered; without a rating it is an open request."""

    customer = factory.SubFactory(CustomerFactory)
    actor = None

    class Meta:
        model = Feedback

    @classmethod
    def _create(cls, model_class, *args, **fields):
        answer = {name: fields.pop(name) for name in ("rating", "comment", "category") if name in fields}
        made = {name: fields.pop(name) for name in ("customer", "actor", "order", "language") if name in fields}
        found = feedback.request_feedback(**made)
        if answer:
            found = feedback.record_answer(feedback=found, actor=None, **answer)
        if fields:
            Feedback.objects.filter(pk=found.pk).update(**fields)
        return Feedback.objects.get(pk=found.pk)


class ThemeFactory(DjangoModelFactory):
    label = factory.Sequence("Theme {}".format)
    language = "en"
    terms = factory.LazyFunction(lambda: {"deliveri": 1.0})

    class Meta:
        model = Theme
