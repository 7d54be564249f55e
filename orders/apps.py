from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self):
        from customers import services as customers

        from . import buying, services, timeline

        timeline.register()
        buying.register()
        customers.register_undo_check(services.objection_to_undo)
