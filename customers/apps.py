from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = _("Customers")

    def ready(self):
        from crm_project.mail import templates
        from crm_project.transfer.resources import register

        from . import callers, timeline
        from .resources import CustomerResource
        from .services.digests import TEMPLATE
        from .standing import factors

        timeline.register()
        callers.register()
        register(CustomerResource)
        templates.register(TEMPLATE)
        factors.register()
