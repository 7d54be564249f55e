from typing import Any

from django.urls import path

from . import views

DETAIL: Any = {
    "get": "retrieve",
    "post": "record_answer",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}

urlpatterns = [
    path(
        "customers/<uuid:customer_pk>/feedback/request",
        views.RequestViewSet.as_view({"post": "request_feedback"}),
        name="feedback-request",
    ),
    path("feedback", views.FeedbackViewSet.as_view({"get": "list"}), name="feedback-list"),
    path("feedback/analytics", views.FiguresViewSet.as_view({"get": "analytics"}), name="feedback-analytics"),
    path("feedback/dashboard", views.DashboardViewSet.as_view({"get": "dashboard"}), name="feedback-dashboard"),
    path("feedback/themes", views.ThemesViewSet.as_view({"get": "themes"}), name="feedback-themes"),
    path(
        "feedback/themes/<uuid:pk>",
        views.ThemeViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"}),
        name="feedback-theme",
    ),
    path(
        "feedback/process-reminders",
        views.RemindersViewSet.as_view({"post": "process_reminders"}),
        name="feedback-process-reminders",
    ),
    path("feedback/rounds", views.RoundViewSet.as_view({"get": "list", "post": "create"}), name="feedback-rounds"),
    path("feedback/rounds/<uuid:pk>", views.RoundViewSet.as_view({"get": "retrieve"}), name="feedback-round"),
    path("feedback/<uuid:pk>", views.FeedbackViewSet.as_view(DETAIL), name="feedback-detail"),
    path("feedback/<uuid:pk>/history", views.FeedbackViewSet.as_view({"get": "history"}), name="feedback-history"),
    path(
        "feedback/<uuid:pk>/sharing",
        views.FeedbackViewSet.as_view({"get": "sharing", "put": "set_sharing"}),
        name="feedback-sharing",
    ),
    path("feedback/<uuid:pk>/restore", views.FeedbackViewSet.as_view({"post": "restore"}), name="feedback-restore"),
]
