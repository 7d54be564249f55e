from django.urls import path

from crm_project.api.routers import router

from . import views

customers = router()
customers.register("customers", views.CustomerViewSet, "customer")
customers.register(
    "customers/<uuid:customer_pk>/interactions", views.CustomerInteractionViewSet, "customer-interaction"
)

urlpatterns = [
    path(
        "leads/<uuid:pk>/convert",
        views.ConversionViewSet.as_view({"get": "preview", "post": "convert"}),
        name="lead-convert",
    ),
    path(
        "leads/<uuid:pk>/convert/undo",
        views.ConversionViewSet.as_view({"post": "undo_conversion"}),
        name="lead-convert-undo",
    ),
    path("followups/process", views.FollowUpViewSet.as_view({"post": "process"}), name="followups-process"),
    *customers.urls,
]
