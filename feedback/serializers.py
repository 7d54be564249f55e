"""Feedback, its figures and its themes on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from crm_project.api.schema import KEY, TIMES, example, record_example
from crm_project.api.serializers import (
    ChoiceField,
    CrmModelSerializer,
    CrmSerializer,
    OwnedSerializer,
    RelatedField,
    VisibleRelatedField,
)
from orders.models import Order

from . import services
from .models import Feedback, FeedbackRound, Language, Theme

ANSWER = {"rating": 5, "comment": "Great service!", "category": "support"}
FEEDBACK = {
    "id": KEY,
    "customer_id": KEY,
    "order_id": None,
    "status": "answered",
    "language": "en",
    "requested_at": TIMES["created_at"],
    "expires_at": "2026-03-02T12:00:00Z",
    "remind_at": None,
    "reminders_sent": 0,
    "responded_at": "2026-02-01T09:30:00Z",
    **ANSWER,
    "sentiment": "positive",
    "custom_fields": {},
    "assigned_to": KEY,
    "team": None,
    "created_by": KEY,
}
OPEN = {
    "status": "open",
    "remind_at": "2026-02-05T12:00:00Z",
    "responded_at": None,
    "rating": None,
    "comment": "",
    "category": "",
    "sentiment": "",
}
REQUESTED_EXAMPLES = [
    OpenApiExample("Request", {"language": "en"}, request_only=True),
    OpenApiExample("Answer", FEEDBACK | OPEN | TIMES, response_only=True),
]
ANSWERED_EXAMPLES = [
    OpenApiExample("Request", ANSWER, request_only=True),
    OpenApiExample("Answer", FEEDBACK | TIMES, response_only=True),
]


@record_example({"category": "support"}, **{name: value for name, value in FEEDBACK.items() if name != "category"})
class FeedbackSerializer(OwnedSerializer):
    """A request for feedback and the answer to it. What the customer said cannot be changed, only filed."""

    customer_id = serializers.UUIDField(read_only=True)
    order_id = serializers.UUIDField(read_only=True, allow_null=True)
    sentiment = serializers.CharField(
        read_only=True, help_text="positive, neutral or negative; empty until the customer has answered."
    )
    custom_fields = serializers.DictField(required=False)

    class Meta:
        model = Feedback
        fields = [
            "id",
            "customer_id",
            "order_id",
            "status",
            "language",
            "requested_at",
            "expires_at",
            "remind_at",
            "reminders_sent",
            "responded_at",
            "rating",
            "comment",
            "category",
            "sentiment",
            "custom_fields",
            *OwnedSerializer.OWNED_FIELDS,
        ]
        read_only_fields = [
            *OwnedSerializer.READ_ONLY,
            "status",
            "language",
            "requested_at",
            "expires_at",
            "remind_at",
            "reminders_sent",
            "responded_at",
            "rating",
            "comment",
            "sentiment",
        ]

    def update(self, instance: Feedback, validated_data: dict[str, Any]) -> Feedback:
        return services.update_feedback(feedback=instance, actor=self.context["request"].user, **validated_data)


class RequestSerializer(CrmSerializer):
    """All of it may be left out."""

    order_id = VisibleRelatedField(
        source="order",
        queryset=Order.objects.live(),
        pk_field=serializers.UUIDField(),
        required=False,
        allow_null=True,
        help_text="The order that the customer is asked about; the mail then names its product.",
    )
    language = ChoiceField(
        choices=Language.choices,
        required=False,
        help_text="Of the mail and the page. Left out: that of the customer's last answer, else Russian for a name in"
        " Cyrillic letters, else the language set for mail.",
    )

    def validate_order_id(self, order: Order | None) -> Order | None:
        if order is not None and order.customer_id != self.context["customer"].pk:
            raise serializers.ValidationError("This is an order of another customer.")
        return order


@record_example(
    {"filter": {"segment": "champions"}, "language": ""},
    owner=KEY,
    state="done",
    asked=112,
    refused={"opted_out": {"count": 3, "customers": [KEY]}},
    message="",
    finished_at="2026-01-31T12:00:05Z",
)
class FeedbackRoundSerializer(CrmModelSerializer):
    """Many customers that are asked at once."""

    filter = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        allow_empty=False,
        help_text="Parameters of the list of customers, such as a segment; who fits all of them is asked.",
    )
    state = serializers.ChoiceField(choices=FeedbackRound.State.choices, read_only=True)
    refused = serializers.DictField(
        child=serializers.DictField(),
        read_only=True,
        help_text="By the code of the refusal: how many were not asked, and the ids of the first hundred of them.",
    )

    class Meta:
        model = FeedbackRound
        fields = [
            "id",
            "filter",
            "language",
            "owner",
            "state",
            "asked",
            "refused",
            "message",
            "finished_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "owner", "asked", "message", "finished_at", "created_at", "updated_at"]

    def validate_filter(self, parameters: dict[str, str]) -> dict[str, str]:
        services.customers_of(self.context["request"].user, parameters)
        return parameters

    def create(self, validated_data: dict[str, Any]) -> FeedbackRound:
        return services.start_round(
            actor=self.context["request"].user,
            parameters=validated_data["filter"],
            language=validated_data.get("language", ""),
        )


@example(ANSWER)
class AnswerSerializer(CrmModelSerializer):
    """What the customer said."""

    rating = serializers.IntegerField(min_value=1, max_value=5, help_text="From 1, very bad, to 5, very good.")

    class Meta:
        model = Feedback
        fields = ["rating", "comment", "category"]


@example(None, reminded=12, skipped=1, expired=3)
class ProcessedSerializer(CrmSerializer):
    reminded = serializers.IntegerField(help_text="Customers who were sent a reminder.")
    skipped = serializers.IntegerField(help_text="Due, but without an address or opted out; not reminded any more.")
    expired = serializers.IntegerField(help_text="Requests that were closed because their time is over.")


MEASURE = {"value": 4.21, "n": 38, "interval": [3.92, 4.5]}
PERCENT = {"value": 63.33, "n": 60, "interval": [50.68, 74.38]}
NPS = {"value": 36.84, "n": 38, "interval": [11.33, 58.67]}
DISTRIBUTION = [
    {"rating": 1, "count": 2, "percent": 5.3},
    {"rating": 2, "count": 3, "percent": 7.9},
    {"rating": 3, "count": 3, "percent": 7.9},
    {"rating": 4, "count": 8, "percent": 21.1},
    {"rating": 5, "count": 22, "percent": 57.9},
]
RATED = {"mean_rating": MEASURE, "csat": PERCENT, "nps_like": NPS, "distribution": DISTRIBUTION}
SUMMARY = {"requests": {"sent": 60, "open": 9, "answered": 38, "expired": 13}, "response_rate": PERCENT, **RATED}


class MeasureSerializer(CrmSerializer):
    value = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Of how many.")
    interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="95 % confidence interval, from and to."
    )


class BarSerializer(CrmSerializer):
    rating = serializers.IntegerField()
    count = serializers.IntegerField()
    percent = serializers.FloatField(allow_null=True)


class RatedSerializer(CrmSerializer):
    mean_rating = MeasureSerializer(help_text="From 1 to 5; interval by the normal approximation.")
    csat = MeasureSerializer(help_text="Percentage of 4 and 5; Wilson's interval.")
    nps_like = MeasureSerializer(
        help_text="Percentage of 5 less percentage of 1 to 3, from -100 to 100; interval of Agresti and Min."
    )
    distribution = BarSerializer(many=True)


class RequestCountsSerializer(CrmSerializer):
    sent = serializers.IntegerField()
    open = serializers.IntegerField()
    answered = serializers.IntegerField()
    expired = serializers.IntegerField()


class SummarySerializer(RatedSerializer):
    requests = RequestCountsSerializer(help_text="Requests made in the period, by what became of them.")
    response_rate = MeasureSerializer(help_text="Percentage of these requests that were answered; Wilson's interval.")


class RatedCategorySerializer(RatedSerializer):
    category = serializers.CharField(allow_blank=True)


class MonthSerializer(SummarySerializer):
    month = serializers.CharField(help_text="As 2026-01, in UTC.")


@example(
    None,
    **{"from": "2026-01-01T00:00:00Z", "to": None},
    **SUMMARY,
    by_category=[{"category": "support", **RATED}],
    by_month=[{"month": "2026-01", **SUMMARY}],
)
class FeedbackAnalyticsSerializer(SummarySerializer):
    locals()["from"] = serializers.DateTimeField(allow_null=True)
    to = serializers.DateTimeField(allow_null=True)
    by_category = RatedCategorySerializer(many=True)
    by_month = MonthSerializer(many=True)


QUOTE = {
    "feedback_id": KEY,
    "comment": "The courier came two days late.",
    "rating": 2,
    "responded_at": TIMES["created_at"],
}
THEME = {
    "id": KEY,
    "label": "Delivery, courier",
    "language": "en",
    "terms": ["deliveri", "courier", "parcel"],
    "is_hidden": False,
    "count": 12,
    "percent": 31.6,
    "mean_rating": 2.58,
    "trend": {"direction": "up", "last_30_days": 8, "previous_30_days": 3},
    "quotes": [QUOTE],
}


class QuoteSerializer(CrmSerializer):
    feedback_id = serializers.UUIDField()
    comment = serializers.CharField()
    rating = serializers.IntegerField()
    responded_at = serializers.DateTimeField()


class LatestSerializer(QuoteSerializer):
    customer_id = serializers.UUIDField()
    category = serializers.CharField(allow_blank=True)
    sentiment = serializers.CharField()


class TrendSerializer(CrmSerializer):
    direction = serializers.ChoiceField(choices=["up", "down", "steady"])
    last_30_days = serializers.IntegerField()
    previous_30_days = serializers.IntegerField()


class FoundThemeSerializer(CrmSerializer):
    id = serializers.UUIDField()
    label = serializers.CharField()
    language = ChoiceField(choices=Language.choices)
    terms = serializers.ListField(child=serializers.CharField(), help_text="Word stems, the heaviest first.")
    is_hidden = serializers.BooleanField()
    count = serializers.IntegerField(help_text="Comments that are about it.")
    percent = serializers.FloatField(help_text="Of all comments; one comment may be about several themes.")
    mean_rating = serializers.FloatField()
    trend = TrendSerializer()
    quotes = QuoteSerializer(many=True)


@example(None, comments=38, pending=0, refreshed_at=TIMES["created_at"], results=[THEME])
class FeedbackThemesSerializer(CrmSerializer):
    comments = serializers.IntegerField(help_text="How many comments the themes were found in.")
    pending = serializers.IntegerField(help_text="Comments that came after the last search; it is repeated soon.")
    refreshed_at = serializers.DateTimeField(allow_null=True, help_text="When the themes were found.")
    results = FoundThemeSerializer(many=True)


@record_example(
    {"label": "Delivery", "is_hidden": False, "merged_into": None},
    language="en",
    terms={"deliveri": 0.91, "courier": 0.42},
    label_is_manual=True,
)
class ThemeSerializer(CrmModelSerializer):
    """What staff decide about a theme; a new search keeps it."""

    label = serializers.CharField(max_length=100, required=False)
    merged_into = RelatedField(
        queryset=Theme.objects.all(), pk_field=serializers.UUIDField(), required=False, allow_null=True
    )

    class Meta:
        model = Theme
        fields = [
            "id",
            "label",
            "label_is_manual",
            "language",
            "terms",
            "is_hidden",
            "merged_into",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "label_is_manual", "language", "terms", "created_at", "updated_at"]

    def update(self, instance: Theme, validated_data: dict[str, Any]) -> Theme:
        return services.change_theme(theme=instance, **validated_data)


@example(
    None,
    last_30_days=SUMMARY,
    change={"response_rate": 4.1, "mean_rating": -0.12, "csat": -1.5, "nps_like": None},
    open_requests=9,
    latest=[QUOTE | {"customer_id": KEY, "category": "delivery", "sentiment": "negative"}],
    themes=[THEME],
    by_month=[{"month": "2026-01", **SUMMARY}],
)
class FeedbackDashboardSerializer(CrmSerializer):
    last_30_days = SummarySerializer()
    change = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Against the 30 days before, by measure."
    )
    open_requests = serializers.IntegerField(help_text="Customers who may still answer.")
    latest = LatestSerializer(many=True, help_text="The newest answers.")
    themes = FoundThemeSerializer(many=True, help_text="The most frequent themes of the last 90 days.")
    by_month = MonthSerializer(many=True, help_text="The last twelve months.")
