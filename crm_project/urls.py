"""The address book of the whole system; each app brings its own addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from crm_project.access.views import MeViewSet
from crm_project.admin import errors as pages
from crm_project.admin.site import home
from crm_project.api import errors, health

urlpatterns = [
    path("", home, name="home"),
    path("", include("contacts.app_connect.urls")),
    path("admin/reports/", include("reports.page_urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path(f"{settings.CRM_API_PREFIX}/schema", SpectacularAPIView.as_view(), name="schema-beside"),
    path("docs", SpectacularSwaggerView.as_view(), name="docs"),
    path("redoc", SpectacularRedocView.as_view(), name="redoc"),
    path(f"{settings.CRM_API_PREFIX}/me", MeViewSet.as_view({"get": "me"}), name="me"),
    path("", include("crm_project.transfer.urls")),
    path("mail/", include("crm_project.mail.urls")),
    path("", include("contacts.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include("leads.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include("customers.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include("orders.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include("feedback.urls")),
    path(f"{settings.CRM_API_PREFIX}/", include("reports.urls")),
    path("survey/", include("feedback.survey.urls")),
]

handler400 = pages.bad_request
handler403 = pages.permission_denied
handler404 = pages.not_found
handler500 = errors.server_error
