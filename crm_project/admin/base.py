"""Pages that ask ``access.rules`` for every right, and save through services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError, QuerySet, TextField, URLField
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextareaWidget

from crm_project.access import rules
from crm_project.api.errors import constraint_message
from crm_project.api.exceptions import CrmError
from crm_project.history import changes
from crm_project.history.timeline import Entry

from .errors import no_such_record
from .forms import VersionedForm
from .lists import BoundedPaginator, CrmChangeList
from .story import Table, Teller

LONGEST_SEARCH = 200
SUGGESTIONS: int = AutocompleteJsonView.paginate_by or 0
TOLD_CHANGES = 10
OWNERS = ("assigned_to", "team")


class RestrictedMixin:
    """Rights of pages and inlines by ``access.rules``: for the kind of record in lists, for the record on its page."""

    def may(self, request: Any, verb: str, obj: Any = None) -> bool:
        if obj is None:
            return rules.may(request.user, self.model, verb)
        return rules.allows(request.user, obj, verb)

    def has_module_permission(self, request: Any) -> bool:
        return self.may(request, "view")

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return self.may(request, "view", obj)

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        options.setdefault("queryset", self.selectable(db_field.remote_field.model, request))
        return super().formfield_for_foreignkey(db_field, request, **options)

    def selectable(self, model: type[Model], request: Any) -> QuerySet:
        """The records that a form of this user may refer to."""
        return rules.visible(model._default_manager.all(), request.user)


class NoLogMixin:
    """Without Django's own log: the change history has it all, for every door, and forgets with the record."""

    def log_addition(self, request: Any, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: Any, obj: Any, message: Any) -> None:
        return None

    def log_deletions(self, request: Any, queryset: Any) -> None:
        return None

    def construct_change_message(self, request: Any, form: Any, formsets: Any, add: bool = False) -> list[Any]:
        return []


class CrmTabularInline(RestrictedMixin, TabularInline):
    """Rows that belong to the page's record and share its rights."""

    extra = 0

    def may(self, request: Any, verb: str, obj: Any = None) -> bool:
        """``obj`` is the record of the page, not a row."""
        if obj is None:
            return rules.may(request.user, self.parent_model, verb)
        return rules.allows(request.user, obj, verb if verb == "view" else "change")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return self.may(request, "add" if obj is None else "change", obj)


class CrmModelAdmin(NoLogMixin, RestrictedMixin, ModelAdmin):
    """A kind of record. ``search_fields`` only says that there is a search, ``search`` does it."""

    form = VersionedForm
    paginator = BoundedPaginator
    list_per_page = 50
    list_filter_submit = True
    list_disable_select_all = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    formfield_overrides = {
        TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 3})},
        URLField: {"assume_scheme": "https"},
    }
    warn_unsaved_form = True
    change_form_before_template = "admin/version_fields.html"

    def everything(self, request: Any) -> QuerySet:
        """The records of the page, whoever asks: the list restricts them in its own way."""
        return self.model._default_manager.all()

    def with_columns(self, queryset: QuerySet) -> QuerySet:
        """The rows of a list's page with all that its columns show."""
        return queryset.select_related(*self.list_select_related) if self.list_select_related else queryset

    def prepare(self, request: Any, rows: list[Any]) -> None:
        """Complete the rows of a list's page with what not everybody may see."""

    def get_queryset(self, request: Any) -> QuerySet:
        queryset = rules.visible(self.everything(request), request.user)
        return queryset.order_by(*self.get_ordering(request))

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """The record, locked when the request is going to write it; ``None`` when the user may not see it."""
        queryset = self.get_queryset(request)
        if request.method == "POST" and transaction.get_connection().in_atomic_block:
            queryset = queryset.select_for_update(of=("self",))
        field = self.model._meta.pk if from_field is None else self.model._meta.get_field(from_field)
        try:
            return queryset.filter(**{field.name: field.to_python(object_id)}).first()
        except (ValidationError, ValueError):
            return None

    def get_changelist(self, request: Any, **options: Any) -> type[CrmChangeList]:
        return CrmChangeList

    def get_search_results(self, request: Any, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """The rows that fit the term; while somebody types in an autocomplete box, the first ones that they may see."""
        term = search_term.replace("\0", "").strip()[:LONGEST_SEARCH]
        if request.path != reverse(f"{self.admin_site.name}:autocomplete"):
            return self.searched(request, queryset, term) if term and self.search_fields else queryset, False
        rows = self.suggestions(request).order_by(*self.get_ordering(request))
        page = request.GET.get("page", "")
        limit = SUGGESTIONS * (int(page) if page.isdecimal() and len(page) < 4 else 1) + 1
        found = rules.top_k(self.searched(request, rows, term) if term else rows, request.user, limit)[:limit]
        return self.model._default_manager.filter(pk__in=found.values("pk")).order_by(*rows.query.order_by), False

    def searched(self, request: Any, queryset: QuerySet, term: str) -> QuerySet:
        """As ``search``; for pages that look through records of another kind, not all of which the user may see."""
        return self.search(queryset, term)

    def search(self, queryset: QuerySet, term: str) -> QuerySet:
        """The rows in which the term is found."""
        return queryset.search(term)

    def suggestions(self, request: Any) -> QuerySet:
        """What an autocomplete box offers, before it is known who asks."""
        return self.everything(request)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change, **options)
        if issubclass(form, VersionedForm):
            form.changes_since = staticmethod(
                lambda record, since: self.teller(request).tell(self.entries_since(request, record, since))
            )
        return form

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        return [name for name in super().get_fields(request, obj) if name not in ("version", "version_at")]

    def teller(self, request: Any) -> Teller:
        """Who tells the record's change history."""
        return Teller(request.user, {self.opts.model_name: Table(self.model)})

    def entries_since(self, request: Any, record: Any, since: dt.datetime) -> list[Entry]:
        """The record's newest changes after a moment. One query."""
        event_model = self.model.pgh_event_models["update"]
        found = changes.entries(event_model, "pgh_obj_id", [record.pk], None, TOLD_CHANGES, name=self.opts.model_name)
        return [entry for entry in found if entry.at > since]

    def changeform_view(
        self, request: Any, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """As Django's; what a service refuses although the form let it pass is told on the same page."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with transaction.atomic():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except (CrmError, ValidationError, IntegrityError) as error:
            messages.error(request, reason(error))
            return HttpResponseRedirect(request.get_full_path())

    def delete_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        try:
            with transaction.atomic():
                return super().delete_view(request, object_id, extra_context)
        except ProtectedError as error:
            kinds = sorted({str(row._meta.verbose_name_plural) for row in error.protected_objects})
            messages.error(request, _("This is still used by %s.") % ", ".join(kinds))
            return HttpResponseRedirect(self.url(request, "change", object_id))

    def get_deleted_objects(self, objs: Any, request: Any) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What the confirmation shows. What goes along is not listed: it may be a million rows."""
        rows = list(objs)
        lacking = {str(self.opts.verbose_name_plural) for row in rows if not self.has_delete_permission(request, row)}
        return [str(row) for row in rows], {str(self.opts.verbose_name_plural): len(rows)}, lacking, []

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The record's page tells its history, where there is one."""
        return HttpResponseRedirect(self.url(request, "change", object_id))

    def url(self, request: Any, page: str, *args: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=[quote(arg) for arg in args])

    def list_of(self, model: type[Model]) -> str:
        """The address of another kind of record's list."""
        return reverse(f"{self.admin_site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist")

    def visible_object(self, request: Any, object_id: str, verb: str = "view") -> Any:
        """The record of a page of our own, or ``None`` for the page that says that there is none.

        Raises:
            PermissionDenied: the user may see the record, but not do this to it.
        """
        record = self.get_object(request, object_id)
        if record is not None and not rules.allows(request.user, record, verb):
            raise PermissionDenied
        return record

    def _get_obj_does_not_exist_redirect(self, request: Any, opts: Any, object_id: str) -> HttpResponse:
        """Django redirects to the start page; a 404 keeps to what the API answers."""
        return no_such_record(request, opts=self.opts)


def reason(error: Exception) -> str:
    """Why something was not saved. A constraint of the database that a race has met says so in its own words."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, IntegrityError):
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""
        return constraint_message(name) or _("Somebody else saved the same at this moment; try again.")
    return str(error)


class OwnedModelAdmin(CrmModelAdmin):
    """Owned records: deleting moves to the trash, where they can only be looked at and be restored."""

    actions = ("restore_selected",)
    change_form_outer_before_template = "admin/record_state.html"
    delete_confirmation_template = "admin/trash_confirmation.html"
    delete_selected_confirmation_template = "admin/trash_selected_confirmation.html"

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name in OWNERS:
            options["queryset"] = db_field.remote_field.model._default_manager.all()  # Narrowed by ``OwnedForm``.
            options["widget"] = UnfoldAdminSelect2Widget
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name in OWNERS and field is not None:
            field.widget = getattr(field.widget, "widget", field.widget)  # Without links to add or change users.
        return field

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return (obj is None or obj.deleted_at is None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return (obj is None or obj.deleted_at is None) and super().has_delete_permission(request, obj)

    def suggestions(self, request: Any) -> QuerySet:
        return super().suggestions(request).live()

    def has_restore_permission(self, request: Any) -> bool:
        return self.may(request, "delete")

    def get_actions(self, request: Any) -> dict[str, Any]:
        """In the trash one can restore, elsewhere move to the trash."""
        found = super().get_actions(request)
        found.pop("delete_selected" if request.GET.get("trash") == "1" else "restore_selected", None)
        if "delete_selected" in found:
            function, name, _description = found["delete_selected"]
            found["delete_selected"] = (function, name, _("Move selected %(verbose_name_plural)s to the trash"))
        return found

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        record = context.get("original")
        if record is not None and record.deleted_at:
            context["may_restore"] = rules.allows(request.user, record, "delete")
            context["restore_url"] = self.url(request, "restore", record.pk)
        return super().render_change_form(request, context, *args, **options)

    def delete_model(self, request: Any, obj: Any) -> None:
        obj.deleted_at, obj.deleted_by = timezone.now(), request.user
        obj.save(update_fields=["deleted_at", "deleted_by", "updated_at"])

    def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, _("“%s” was moved to the trash.") % obj_display)
        return HttpResponseRedirect(self.url(request, "changelist"))

    def delete_queryset(self, request: Any, queryset: QuerySet) -> None:
        for record in queryset:
            self.delete_model(request, record)

    def restore_model(self, request: Any, obj: Any) -> None:
        obj.deleted_at = obj.deleted_by = None
        obj.save(update_fields=["deleted_at", "deleted_by", "updated_at"])

    @admin.action(description=gettext_lazy("Restore selected %(verbose_name_plural)s"), permissions=["restore"])
    def restore_selected(self, request: Any, queryset: QuerySet) -> None:
        rows = [row for row in queryset if rules.allows(request.user, row, "delete")]
        count = sum(self.restored(request, row) for row in rows)
        messages.success(request, _("%(count)d restored.") % {"count": count})

    def restored(self, request: Any, record: Any) -> bool:
        """Whether the record could be brought back; who asked is told why not."""
        try:
            with transaction.atomic():
                self.restore_model(request, record)
        except CrmError as error:
            messages.error(request, f"{record}: {error.detail}")
            return False
        return True

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_restore"
        return [
            path("<path:object_id>/restore/", self.admin_site.admin_view(self.restore_view), name=name),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def restore_view(self, request: Any, object_id: str) -> HttpResponse:
        record = self.visible_object(request, object_id, "delete")
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if self.restored(request, record):
            messages.success(request, _("%(kind)s restored.") % {"kind": capfirst(self.opts.verbose_name)})
        return HttpResponseRedirect(self.url(request, "change", object_id))
