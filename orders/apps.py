from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")

    def ready(self):
        from contacts import custom_fields
        from crm_project import demo
        from crm_project.transfer.resources import register
        from customers import services as customers

        from . import buying, erasing, services, standing, timeline
        from .demo import make_orders, make_products
        from .filters import ProductFilterSet
        from .models import Order, Product
        from .resources import ProductResource

        register(ProductResource, ProductFilterSet)
        demo.register(demo.Part("products", Product, default=40, make=make_products))
        demo.register(demo.Part("orders", Order, default=300, make=make_orders))
        timeline.register()
        buying.register()
        standing.register()
        custom_fields.register(Order)
        customers.register_undo_check(services.objection_to_undo)
        erasing.register()
