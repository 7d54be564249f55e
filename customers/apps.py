from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self):
        from contacts import custom_fields
        from contacts.services import merging
        from crm_project import demo
        from crm_project.mail import templates
        from crm_project.transfer.resources import register

        from . import callers, erasing, filters, timeline
        from .demo import make_customers
        from .filters import CustomerFilterSet
        from .models import Customer
        from .resources import CustomerResource
        from .services.digests import TEMPLATE
        from .standing import factors
        from .tasks import refresh_standing

        filters.register()
        timeline.register()
        callers.register()
        register(CustomerResource, CustomerFilterSet)
        templates.register(TEMPLATE)
        factors.register()
        custom_fields.register(Customer)
        merging.register(merging.moves("customers", Customer))
        demo.register(demo.Part("customers", Customer, default=80, make=make_customers, finish=refresh_standing))
        erasing.register()
