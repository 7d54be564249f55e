from django.urls import path

from . import views

urlpatterns = [
    path("thanks", views.thanks, name="survey-thanks"),
    path("<str:token>", views.survey, name="survey"),
]
