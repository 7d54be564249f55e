"""``/dev/crm/reports/…`` and ``/dev/crm/analytics/dashboard``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from crm_project.api.keeping import kept
from crm_project.api.viewsets import CrmViewSet
from customers.models import Customer
from leads.models import Lead

from . import questions, services
from .periods import GRAINS
from .presenting import Presenter
from .records import TABLES
from .serializers import CustomerReportSerializer, DashboardSerializer, LeadReportSerializer

WORDS = {
    "from": "First day of the period, such as 2026-01-01; 90 days up to `to` when left out.",
    "to": "Last day of the period, which is included; today when left out.",
    "tz": "Time zone of the days, such as Europe/Paris; the user's own when left out.",
    "assigned_to": "Only records of these owners: ids of users, `me`, or `none`; comma separated.",
    "compare": "Give each figure its `previous`: of as many days before, or of the same days a year before.",
}


def asked(dimensions: tuple[str, ...]) -> list[OpenApiParameter]:
    """The parameters of a report that tells records apart by these columns."""
    grouped = (
        f"The parts of `series`, one of {', '.join(GRAINS)}; and the `groups` that are wanted, of "
        f"{', '.join(dimensions)}; comma separated. When left out, parts that suit the period and all groups."
    )
    return [
        OpenApiParameter(
            name, str, description=WORDS.get(name, grouped), enum=questions.COMPARE if name == "compare" else None
        )
        for name in questions.PARAMETERS
    ]


class BaseReportViewSet(CrmViewSet):
    """Reports read what the user may see; who may see nothing is told of nothing."""

    tag = "reports"

    def respond(self, make: Callable[..., Any], dimensions: tuple[str, ...]) -> Response:
        user = self.request.user
        question = questions.read(self.request.query_params, user=user, dimensions=dimensions)
        report, is_kept = kept(make, tables=TABLES, user=user, question=question)
        return Response(Presenter(self.request).report(report, is_kept))


class LeadReportViewSet(BaseReportViewSet):
    queryset = Lead.objects.all()
    serializer_class = LeadReportSerializer
    action_verbs = {"leads": "view"}
    query_parameters = {"leads": questions.PARAMETERS}

    @extend_schema(parameters=asked(services.leads.DIMENSIONS), responses=LeadReportSerializer)
    def leads(self, request: Any) -> Response:
        """Get lead metrics.

        How many leads came in, were converted, won or lost, by status, source, owner, campaign and reason of loss; by
        part of the period; the funnel with the time in each stage. Each figure has a `drilldown`: the address of the
        list of exactly the records that it is made of.
        """
        return self.respond(services.lead_report, services.leads.DIMENSIONS)


class CustomerReportViewSet(BaseReportViewSet):
    queryset = Customer.objects.all()
    serializer_class = CustomerReportSerializer
    action_verbs = {"customers": "view"}
    query_parameters = {"customers": questions.PARAMETERS}

    @extend_schema(parameters=asked(services.customers.DIMENSIONS), responses=CustomerReportSerializer)
    def customers(self, request: Any) -> Response:
        """Get customer metrics.

        New, active and churned customers, how many come back, revenue, average order and lifetime value by currency,
        the customers who buy most, and how many of each month's first-time buyers bought again in the months after.
        Each figure has a `drilldown`: the address of the list of exactly the records that it is made of.
        """
        return self.respond(services.customer_report, services.customers.DIMENSIONS)


class DashboardViewSet(BaseReportViewSet):
    queryset = Lead.objects.all()
    serializer_class = DashboardSerializer
    action_verbs = {"dashboard": "view"}
    query_parameters = {"dashboard": questions.PARAMETERS}

    @extend_schema(parameters=asked(services.dashboard.DIMENSIONS), responses=DashboardSerializer)
    def dashboard(self, request: Any) -> Response:
        """Get dashboard analytics.

        The key figures of leads, customers and orders, the funnel, what is to be followed up, and who did what.
        """
        return self.respond(services.dashboard_report, services.dashboard.DIMENSIONS)
