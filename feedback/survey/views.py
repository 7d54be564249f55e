"""GET shows, whoever follows the link; only POST records something, so that link scanners vote for nothing.

Links that are forged, used, expired or withdrawn all get the same page, which names nobody.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from crm_project.api.throttling import client_address, rate
from crm_project.history.context import because_of

from .. import services
from ..exceptions import AlreadyAnswered
from ..models import Feedback, Language
from .forms import CATEGORIES, RATINGS, SurveyForm

# Nothing is loaded but our style sheets, and the form is sent to us alone.
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class PublicView(View):
    """In the language that ``?lang=`` chooses; the address, which is the key, is told to nobody and kept nowhere."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: Any = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def chosen_language(self) -> str:
        sent = self.request.GET.get("lang", "")
        return sent if sent in Language.values else ""

    def page(self, template: str, language: str = "", status: int = 200, **context: Any) -> HttpResponse:
        language = language or translation.get_language_from_request(self.request)
        with translation.override(language):
            response = render(self.request, f"feedback/{template}.html", context, status=status)
        response.headers["Content-Language"] = language
        return response


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class SurveyView(PublicView):
    """The token in the address is all that is needed to answer, so there is no cookie and no CSRF token."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        feedback = services.valid_request(token)
        if feedback is None:
            return self.unknown()
        return self.form(feedback, SurveyForm(initial={"rating": request.GET.get("rating", "")}))

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        limit = rate(settings.CRM_SURVEY_RATE)
        if limit.count(f"survey {client_address(request)}") > limit.limit:
            response = self.page("survey_busy", self.chosen_language(), status=429, wait=limit.remaining_seconds)
            response.headers["Retry-After"] = str(limit.remaining_seconds)
            return response
        feedback = services.valid_request(token)
        if feedback is None:
            return self.unknown()
        form = SurveyForm(request.POST)
        if not form.is_valid():
            return self.form(feedback, form, status=400)
        language = self.chosen_language() or feedback.language
        try:
            with because_of(door="survey"):
                services.record_answer(feedback=feedback, actor=None, language=language, **form.cleaned_data)
        except AlreadyAnswered:
            return self.unknown()
        return HttpResponseRedirect(f"{reverse('survey-thanks')}?lang={language}", status=303)

    def form(self, feedback: Feedback, form: SurveyForm, status: int = 200) -> HttpResponse:
        language = self.chosen_language() or feedback.language
        return self.page(
            "survey",
            language,
            status,
            form=form,
            ratings=RATINGS,
            categories=CATEGORIES,
            name=feedback.customer.name,
            product=feedback.order.product.name if feedback.order else "",
            rating=str(form["rating"].value() or ""),
            category=form["category"].value() or "",
            others=[(code, name) for code, name in settings.LANGUAGES if code != language],
        )

    def unknown(self) -> HttpResponse:
        return self.page("survey_unknown", self.chosen_language(), status=404)


@method_decorator(never_cache, name="dispatch")
class ThanksView(PublicView):
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("survey_thanks", self.chosen_language())


survey = SurveyView.as_view()
thanks = ThanksView.as_view()
