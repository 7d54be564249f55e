from django.urls import path

from . import views

urlpatterns = [
    path("reports/leads", views.LeadReportViewSet.as_view({"get": "leads"}), name="report-leads"),
    path("reports/customers", views.CustomerReportViewSet.as_view({"get": "customers"}), name="report-customers"),
    path("analytics/dashboard", views.DashboardViewSet.as_view({"get": "dashboard"}), name="dashboard"),
]
