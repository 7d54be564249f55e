"""The page behind the unsubscribe link of every mail. It needs no signing in and no script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from crm_project.history.context import because_of

from . import services
from .links import mail_of
from .models import Mail, Suppression

# Nothing is loaded but our style sheet, and the form is sent to us alone.
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class UnsubscribeView(View):
    """GET asks, whoever follows the link; only POST changes something: a person's, or a mail program's (RFC 8058).

    The signed token says who it is about and is all that is needed, so that there is no cookie and no CSRF token.
    """

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return page(request, mail_of(token), "ask")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        mail = mail_of(token)
        if mail is None:
            return page(request, None, "ask")
        with because_of(door="unsubscribe"):
            return page(request, mail, self.do(mail))

    def do(self, mail: Mail) -> str:
        """What the form, or the mail program, says is to be done; the step of the page that tells of it."""
        if self.request.POST.get("do") == "undo":
            services.allow(address=mail.to, purpose=mail.purpose)
            return "undone"
        purpose = "" if self.request.POST.get("from") == "all" else mail.purpose
        services.suppress(address=mail.to, purpose=purpose, reason=Suppression.Reason.UNSUBSCRIBED)
        return "done" if purpose else "done with all"


unsubscribe = UnsubscribeView.as_view()


def page(request: HttpRequest, mail: Mail | None, step: str) -> HttpResponse:
    """The page in the language of the mail; a friendly one, too, when the link is not one of ours."""
    if mail is None:
        return render(request, "public/unsubscribe.html", {"step": "unknown"}, status=404)
    with translation.override(mail.language):
        return render(request, "public/unsubscribe.html", {"mail": mail, "address": masked(mail.to), "step": step})


def masked(address: str) -> str:
    """Enough for its owner to know it, too little for somebody whom the mail was forwarded to."""
    name, _at, domain = address.rpartition("@")
    return f"{name[0]}•••@{domain}"
