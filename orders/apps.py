from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self):
        from contacts import custom_fields
        from crm_project.transfer.resources import register
        from customers import services as customers

        from . import buying, services, standing, timeline
        from .models import Order
        from .resources import ProductResource

        register(ProductResource)
        timeline.register()
        buying.register()
        standing.register()
        custom_fields.register(Order)
        customers.register_undo_check(services.objection_to_undo)
