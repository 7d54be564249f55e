from django.conf import settings
from django.urls import include, path

from crm_project.api.routers import router

from . import links, views

jobs = router()
jobs.register("imports", views.ImportViewSet, "import")
jobs.register("exports", views.ExportViewSet, "export")

urlpatterns = [
    path(f"{settings.CRM_API_PREFIX}/exports/file/<str:token>", links.export_file, name="export-file"),
    path(f"{settings.CRM_API_PREFIX}/", include(jobs.urls)),
]
