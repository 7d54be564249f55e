from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self):
        from crm_project.transfer.resources import register
        from customers import services as customers

        from . import buying, services, standing, timeline
        from .resources import ProductResource

        register(ProductResource)
        timeline.register()
        buying.register()
        standing.register()
        customers.register_undo_check(services.objection_to_undo)
