"""``/dev/crm/feedback``, its figures and themes, and asking a customer for it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django_filters import utils
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.access import rules
from crm_project.access.sharing import SharingActions
from crm_project.api.viewsets import CrmModelViewSet, CrmReadViewSet, CrmViewSet, OwnedViewSet
from crm_project.history.views import HistoryActions
from customers.models import Customer

from . import analytics, filters, services
from .models import Feedback, FeedbackRound, Theme
from .querysets import FeedbackQuerySet
from .serializers import (
    ANSWERED_EXAMPLES,
    REQUESTED_EXAMPLES,
    AnswerSerializer,
    FeedbackAnalyticsSerializer,
    FeedbackDashboardSerializer,
    FeedbackRoundSerializer,
    FeedbackSerializer,
    FeedbackThemesSerializer,
    ProcessedSerializer,
    RequestSerializer,
    ThemeSerializer,
)


class FeedbackViewSet(HistoryActions, SharingActions, OwnedViewSet):
    tag = "feedback"
    queryset = Feedback.objects.all()
    serializer_class = FeedbackSerializer
    filterset_class = filters.FeedbackFilterSet
    orderings = {"created_at": ("id",), "responded_at": ("responded_at", "id"), "rating": ("rating", "id")}
    action_verbs = {"record_answer": "change"}
    examples = {"record_answer": ANSWERED_EXAMPLES}

    def perform_destroy(self, record: Feedback) -> None:
        services.delete_feedback(feedback=record, actor=self.request.user)

    def perform_restore(self, record: Feedback) -> None:
        services.restore_feedback(feedback=record, actor=self.request.user)

    @extend_schema(request=AnswerSerializer, responses=FeedbackSerializer)
    @action(detail=True, methods=["post"])
    def record_answer(self, request: Any, pk: Any = None) -> Response:
        """Record the answer to a request.

        For what a customer says by other ways than the survey page. The first answer counts: another one is a 409.
        A rating of 1 or 2 gives the owner a task to speak with the customer.
        """
        feedback = self.get_object()
        serializer = AnswerSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        services.record_answer(feedback=feedback, actor=request.user, **serializer.validated_data)
        return self.answer(feedback)


class RequestViewSet(CrmViewSet):
    """Stands under the customer's address, but makes feedback, so it lives here."""

    tag = "feedback"
    queryset = Feedback.objects.all()
    serializer_class = FeedbackSerializer
    action_verbs = {"request_feedback": "add"}
    examples = {"request_feedback": REQUESTED_EXAMPLES}

    @extend_schema(request=RequestSerializer, responses={201: FeedbackSerializer})
    @action(detail=False, methods=["post"])
    def request_feedback(self, request: Any, customer_pk: Any = None) -> Response:
        """Ask a customer for feedback.

        Sends a mail with a link to a survey page, which works once and expires. 409 while the customer may still answer
        an earlier request, has no e-mail address, or has opted out; 429 when they were asked a short while ago.
        """
        customer = self.get_customer(customer_pk)
        serializer = RequestSerializer(
            data=request.data, context={**self.get_serializer_context(), "customer": customer}
        )
        serializer.is_valid(raise_exception=True)
        feedback = services.request_feedback(customer=customer, actor=request.user, **serializer.validated_data)
        location = request.build_absolute_uri(reverse("feedback-detail", args=[feedback.pk]))
        return self.answer(feedback, 201, Location=location)

    def get_customer(self, key: Any) -> Customer:
        """A customer of whom one may see what they say: as owner, in the team, or with a right for the whole company.

        Sharing a customer is not enough to have mail sent to them in the owner's name.
        """
        customer = Customer.objects.live().filter(pk=key).first()
        if customer is None:
            raise exceptions.NotFound()
        if not rules.allows(self.request.user, customer, "view"):
            raise exceptions.PermissionDenied("You may not view this customer.")
        self.check_object_permissions(
            self.request, Feedback(customer=customer, assigned_to=customer.assigned_to, team=customer.team)
        )
        return customer


class RoundViewSet(CrmReadViewSet):
    """Own rounds; those of everybody for who holds the right to see them in the whole company."""

    tag = "feedback_rounds"
    queryset = FeedbackRound.objects.all()
    serializer_class = FeedbackRoundSerializer
    filterset_class = filters.FeedbackRoundFilterSet

    @extend_schema(responses={201: FeedbackRoundSerializer})
    def create(self, request: Any) -> Response:
        """Ask many customers for feedback.

        All who fit parameters of the list of customers, such as a segment, and whom the caller may ask; each as by
        `POST /customers/{id}/feedback/request`, and nobody twice. Of many a worker does so: ask again until `state` is
        `done`. `refused` says how many were not asked and why, and names the first of each reason.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = serializer.save()
        location = request.build_absolute_uri(reverse("feedback-round", args=[made.pk]))
        return self.answer(made, 201, Location=location)


class FiguresViewSet(CrmViewSet):
    """What the feedback that the caller may see says in sum."""

    tag = "feedback"
    queryset = Feedback.objects.live()
    serializer_class = FeedbackAnalyticsSerializer
    filterset_class = filters.PeriodFilterSet
    filtered_actions = ("analytics", "themes", "dashboard")
    action_verbs = {"analytics": "view", "themes": "view", "dashboard": "view"}

    def asked_for(self) -> tuple[FeedbackQuerySet, dict[str, Any]]:
        """The visible feedback that the filters leave, and all parameters as they were understood."""
        found = self.filterset_class(self.request.query_params, self.get_queryset(), request=self.request)
        if not found.is_valid():
            raise utils.translate_validation(found.errors)
        return found.qs.visible_to(self.request.user), found.form.cleaned_data

    @extend_schema(responses=FeedbackAnalyticsSerializer, filters=True)
    @action(detail=False)
    def analytics(self, request: Any) -> Response:
        """Get the analytics of feedback.

        Requests and the response rate are those of the requests made in the period, ratings those of the answers
        received in it. Each measure says of how many it is and carries its 95 % confidence interval.
        """
        rows, asked = self.asked_for()
        period = analytics.Period(asked["from"], asked["to"])
        return Response(FeedbackAnalyticsSerializer(analytics.analytics(rows, period)).data)


class ThemesViewSet(FiguresViewSet):
    """The themes of the comments that the caller may see."""

    serializer_class = FeedbackThemesSerializer
    filterset_class = filters.ThemesFilterSet

    @extend_schema(responses=FeedbackThemesSerializer, filters=True)
    @action(detail=False)
    def themes(self, request: Any) -> Response:
        """Get the themes of feedback.

        What comments are about, found in their words, with quotes as evidence. The period is that of the answers.
        Who may change themes renames, hides and merges them.
        """
        rows, asked = self.asked_for()
        rows = analytics.Period(asked["from"], asked["to"]).of(rows, "responded_at")
        found = analytics.themes_with_state(rows, timezone.now(), with_hidden=bool(asked["hidden"]))
        return Response(FeedbackThemesSerializer(found).data)


class DashboardViewSet(FiguresViewSet):
    """Fixed periods, so it knows no ``from`` and ``to``."""

    serializer_class = FeedbackDashboardSerializer
    filterset_class = filters.FiguresFilterSet

    @extend_schema(responses=FeedbackDashboardSerializer, filters=True)
    @action(detail=False)
    def dashboard(self, request: Any) -> Response:
        """Get the dashboard of feedback.

        The last 30 days against the 30 days before, what is open, the newest answers, the themes of the last 90 days,
        and the last twelve months.
        """
        rows, _ = self.asked_for()
        return Response(FeedbackDashboardSerializer(analytics.dashboard(rows, timezone.now())).data)


class RemindersViewSet(CrmViewSet):
    tag = "feedback"
    queryset = Feedback.objects.all()
    serializer_class = ProcessedSerializer
    action_verbs = {"process_reminders": "change"}

    @extend_schema(request=None, responses=ProcessedSerializer)
    @action(detail=False, methods=["post"])
    def process_reminders(self, request: Any) -> Response:
        """Process the reminders that are due.

        Reminds of requests by the same link, and closes those whose time is over: of the feedback that the caller may
        change, 1,000 at most. Workers do the same every quarter of an hour, and calls at the same time share the work,
        so nobody is reminded twice.
        """
        return Response(ProcessedSerializer(services.process_reminders(user=request.user)).data)


class ThemeViewSet(CrmModelViewSet):
    """What staff decide about one theme."""

    tag = "feedback_themes"
    queryset = Theme.objects.all()
    serializer_class = ThemeSerializer
    http_method_names = ["get", "put", "patch", "head", "options"]
