"""Import with a preview and export with a choice of columns, on the list of any kind of record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import Format
from rest_framework import exceptions
from unfold.contrib.import_export.forms import ImportForm, SelectableFieldsExportForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm_project.access import rules
from crm_project.access.models import User

from .. import exports, services, writing
from ..models import ImportJob
from ..options import Options
from ..reading import FORMATS, UnreadableFile
from ..resources import CrmResource
from ..serializers import options_from
from . import previews
from .words import ON_MATCH, OPTIONS, counted

REFUSED = (UnreadableFile, ValidationError, exceptions.ValidationError)
TOO_OLD = gettext_lazy("This preview is too old; send the file again.")


class AnyTable(Format):
    """Stands for every kind of table: which one it is, its content says."""

    def get_title(self) -> str:
        return str(_("CSV, Excel or JSON, found from the file"))

    def can_import(self) -> bool:
        return True


def _written(name: str) -> type[Format]:
    return type(name.upper(), (Format,), {"get_title": lambda self: name, "can_export": lambda self: True})


class ImportOptionsForm(ImportForm):
    """The file, and how its rows find records."""

    match = forms.CharField(
        required=False,
        label=OPTIONS["match"],
        widget=UnfoldAdminTextInputWidget,
    )
    on_match = forms.ChoiceField(
        required=False,
        label=OPTIONS["on_match"],
        widget=UnfoldAdminSelectWidget,
        choices=list(ON_MATCH.items()),
    )
    source = forms.CharField(
        required=False,
        label=OPTIONS["source"],
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The name under which somebody has kept what the columns of such files mean."),
    )
    region = forms.CharField(
        required=False,
        label=OPTIONS["region"],
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Two letters, such as US or RU, for telephone numbers without a country."),
    )

    def __init__(self, formats: Any, resources: Any, **options: Any) -> None:
        super().__init__(formats, resources, **options)
        keys = ", ".join(resources[0].match_keys)
        self.fields["match"].help_text = (
            _("By what a row finds its record, with commas: %s. Empty: every row makes a new one.") % keys
        )


class ChosenColumnsForm(SelectableFieldsExportForm):
    """Offers every column, and begins with those that an import understands."""

    def _create_boolean_fields(self, resource: Any, index: int) -> list[str]:
        names = super()._create_boolean_fields(resource, index)
        optional = {self.create_boolean_field_name(resource, column) for column in resource.optional_columns}
        for name in optional & set(names):
            self.fields[name].initial = False
        return names


class TransferMixin(ImportExportMixin):
    """``import`` and ``export`` on the list of a kind of record, by the resource of ``resource_classes``.

    A file is kept until its preview is confirmed; then it is imported as the API does.
    """

    import_form_class = ImportOptionsForm
    export_form_class = ChosenColumnsForm
    import_template_name = "transfer/import.html"
    import_formats = [AnyTable]
    export_formats = [_written(name) for name in FORMATS]

    @property
    def transfer_class(self) -> type[CrmResource]:
        return self.resource_classes[0]

    def has_import_permission(self, request: Any) -> bool:
        return all(rules.may(request.user, self.model, verb) for verb in ("import", "add"))

    def has_export_permission(self, request: Any) -> bool:
        return rules.may(request.user, self.model, "export")

    # Import

    def import_action(self, request: Any, **kwargs: Any) -> HttpResponse:
        """The form for a file; what the file would do; and that again, when somebody said what its columns are."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = None
        try:
            if "token" in request.POST:
                context = self._look_again(request)
            else:
                form = self.create_import_form(request)
                context = self._look(request, form) if request.method == "POST" and form.is_valid() else {}
        except (signing.BadSignature, FileNotFoundError):
            messages.error(request, TOO_OLD)
            return HttpResponseRedirect(self.url(request, "import"))
        context |= {
            **self.admin_site.each_context(request),
            "title": _("Import"),
            "form": form,
            "opts": self.opts,
            "media": self.media + form.media if form else self.media,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, [self.import_template_name], context)

    def _look(self, request: Any, form: Any) -> dict[str, Any]:
        try:
            kept = previews.Kept.store(form.cleaned_data["import_file"], self._options(request, form))
            try:
                return previews.context_of(self.transfer_class, kept, request.user)
            except BaseException:
                default_storage.delete(kept.path)
                raise
        except REFUSED as error:
            form.add_error("import_file", _sentence(error))
            return {}

    def _look_again(self, request: Any) -> dict[str, Any]:
        kept = previews.Kept.of_token(request.POST["token"], request.user)
        try:
            return previews.context_of(self.transfer_class, kept, request.user, request.POST)
        except REFUSED as error:
            messages.error(request, _sentence(error))
            context = previews.context_of(self.transfer_class, kept, request.user)
            context["columns_form"].fill(request.POST)
            return context

    def _options(self, request: Any, form: Any) -> Options:
        names = ("match", "on_match", "source", "region")
        given = {name: form.cleaned_data[name] for name in names if form.cleaned_data[name]}
        return options_from(self.transfer_class, request.user, given)

    @method_decorator(require_POST)
    def process_import(self, request: Any, **kwargs: Any) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            kept = previews.Kept.of_token(request.POST.get("token", ""), request.user)
            job = self._start(request, kept)
        except (signing.BadSignature, FileNotFoundError):
            messages.error(request, TOO_OLD)
            return HttpResponseRedirect(self.url(request, "import"))
        except (UnreadableFile, ValidationError) as error:
            messages.error(request, _sentence(error))
            return HttpResponseRedirect(self.url(request, "import"))
        if job.has_ended:
            messages.success(request, _("Import finished: %s.") % counted(job))
        else:
            messages.info(request, _("The file is being imported; this page tells how far it is."))
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:transfer_importjob_change", args=[job.pk]))

    def _start(self, request: Any, kept: previews.Kept) -> ImportJob:
        with default_storage.open(kept.path) as file, transaction.atomic():
            job = services.start_import(
                actor=request.user,
                resource=self.transfer_class,
                file=file,
                file_name=kept.name,
                options=Options.from_json(kept.options),
                door="admin",
            )
        default_storage.delete(kept.path)
        return job

    # Export

    def export_action(self, request: Any) -> HttpResponse | StreamingHttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        form = self.get_export_form_class()(
            self.get_export_formats(), self.get_export_resource_classes(request), data=request.POST or None
        )
        if request.method == "POST" and form.is_valid():
            return self._download(request, form)
        context = self.init_request_context_data(request, form)
        request.current_app = self.admin_site.name
        return TemplateResponse(request, [self.export_template_name], context)

    def _download(self, request: Any, form: Any) -> StreamingHttpResponse:
        resource = self.transfer_class(user=request.user)
        format = FORMATS[int(form.cleaned_data["format"])]
        queryset = rules.visible(self.get_export_queryset(request), request.user).order_by("pk")
        job = exports.start_export(
            actor=request.user,
            resource=resource,
            format=format,
            columns=form.get_selected_resource_export_fields(),
            filters=dict(request.GET.items()),
            door="admin",
            total=queryset.count(),
        )
        pieces = exports.stream(job, resource, queryset, lambda: self._may_still_export(request))
        response = StreamingHttpResponse(pieces, content_type=writing.CONTENT_TYPES[format])
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}s.{format}"'
        return response

    def _may_still_export(self, request: Any) -> bool:
        return rules.may(User.objects.filter(pk=request.user.pk).first(), self.model, "export")


def _sentence(error: Exception) -> str:
    if isinstance(error, UnreadableFile):
        return error.message
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    assert isinstance(error, exceptions.ValidationError)
    detail = error.detail.values() if isinstance(error.detail, dict) else [error.detail]
    return " ".join(str(message) for messages in detail for message in messages)
