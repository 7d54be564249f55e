from crm_project.api.routers import router

from . import views

orders = router()
orders.register("orders", views.OrderViewSet, "order")
orders.register("products", views.ProductViewSet, "product")

urlpatterns = orders.urls
