from django.conf import settings
from django.urls import include, path

from crm_project.api.routers import router

from . import views
from .task_api.views import TaskViewSet

contacts = router()
contacts.register("contacts", views.ContactViewSet, "contact")
contacts.register("contacts/merges", views.ContactMergeViewSet, "merge")
contacts.register("contacts/<uuid:contact_pk>/interactions", views.InteractionViewSet, "interaction")

beside = router()
beside.register("organizations", views.OrganizationViewSet, "organization")
beside.register("categories", views.CategoryViewSet, "category")
beside.register("segments", views.SegmentViewSet, "segment")
beside.register("custom_fields", views.CustomFieldViewSet, "custom-field")
beside.register("tasks", TaskViewSet, "task")

urlpatterns = [
    path("", include(contacts.urls)),
    path("api/clients/person/", include("contacts.eadesk.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include(beside.urls)),
]
