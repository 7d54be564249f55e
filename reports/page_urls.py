"""The pages under ``/admin/reports/``, for staff."""

from django.contrib import admin
from django.urls import path

from . import pages

urlpatterns = [
    path("records/<slug:name>", admin.site.admin_view(pages.records), name="report-records"),
    path("charts/<slug:key>.csv", admin.site.admin_view(pages.chart_file), name="report-chart"),
]
