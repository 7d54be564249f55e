"""The pages of one owned record: its form, its timeline, and with whom it is shared, under one row of tabs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import formset_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from rest_framework import exceptions
from unfold import widgets
from unfold.decorators import display

from crm_project.access import rules
from crm_project.access import services as access
from crm_project.access.models import User
from crm_project.access.services import Share
from crm_project.api.exceptions import CrmError
from crm_project.history.timeline import Entry, decode_position, encode_position, timeline

from .base import OwnedModelAdmin, reason
from .lists import name_of, short_moment
from .story import Table, Teller

NEWEST = 5
PAGE = 30


class ShareForm(forms.Form):
    """With whom a record is shared, and what they may do with it."""

    LEVELS = [
        ("view", gettext_lazy("see it")),
        ("change", gettext_lazy("see and change it")),
        ("delete", gettext_lazy("see, change and delete it")),
    ]

    user = forms.ModelChoiceField(
        User.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget, label=gettext_lazy("User")
    )
    team = forms.ModelChoiceField(
        Group.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget, label=gettext_lazy("Team")
    )
    level = forms.ChoiceField(
        choices=LEVELS, initial="view", widget=widgets.UnfoldAdminSelectWidget, label=gettext_lazy("Level")
    )

    def __init__(self, *args: Any, users: Any, groups: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["user"].queryset, self.fields["team"].queryset = users, groups
        self.fields["user"].label_from_instance = name_of

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and bool(data.get("user")) == bool(data.get("team")):
            raise ValidationError(_("Choose either a person or a team."))
        return data

    def share(self) -> Share:
        data = self.cleaned_data
        levels = [level for level, _label in self.LEVELS]
        return Share(data["user"], data["team"], levels[: levels.index(data["level"]) + 1])


@dataclass(frozen=True)
class Link:
    """A way from a record's page to something that can be done with the record, or that belongs to it."""

    title: str
    url: str
    icon: str = ""


Links = Callable[[Any, Any], Iterable[Link]]
_links: dict[type[Model], list[Links]] = {}


def offer(model: type[Model], links: Links) -> None:
    """Let a later app put links on the pages of an earlier one's records: ``links(request, record)``."""
    _links.setdefault(model, []).append(links)


def link_to(request: Any, record: Model | None) -> str:
    """The record's name, as a link to its page; no more than that there is one for who may not see it."""
    if record is None:
        return "–"
    if not rules.allows(request.user, record, "view"):
        return _("(not visible)")
    url = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])
    return format_html('<a class="text-link" href="{}">{}</a>', url, str(record))


class RecordAdmin(OwnedModelAdmin):
    """An owned record of which the timeline's sources tell; it is made and changed by services.

    ``tables`` says what the types of the timeline's events are about, besides the record and its shares.
    """

    tables: dict[str, Table] = {}
    bulk_statuses: Sequence[str] = ()
    change_form_outer_after_template = "admin/record/newest.html"
    readonly_fields: Sequence[Any] = ("created_by", "created_at", "updated_at")

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        return {"assigned_to": request.user.pk, **super().get_changeform_initial_data(request)}

    @display(description=gettext_lazy("Owner"))
    def owner(self, record: Any) -> str:
        return name_of(record.assigned_to) if record.assigned_to else ""

    @display(description=gettext_lazy("Changed"), ordering="updated_at")
    def changed(self, record: Any) -> str:
        return short_moment(record.updated_at)

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """Notes who asks, for columns that show what not everybody may see."""
        record = super().get_object(request, object_id, from_field)
        if record is not None:
            record.asked_by = request
        return record

    # Saving

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Has the service do it, for a fresh row: the form's has its new values already."""
        changes = form.changes()
        if change:
            self.update(request, self.model._default_manager.get(pk=obj.pk), changes)
        else:
            made = self.create(request, {"assigned_to": form.cleaned_data.get("assigned_to"), **changes})
            obj.__dict__.update(made.__dict__)

    def create(self, request: Any, values: dict[str, Any]) -> Any:
        """Make the record by its service; returns it."""
        raise NotImplementedError

    def update(self, request: Any, record: Any, changes: dict[str, Any]) -> None:
        """Change the record by its service."""
        raise NotImplementedError

    # The story

    def labels(self, request: Any) -> dict[str, str]:
        """What keys of custom fields are called."""
        return {}

    def all_tables(self) -> dict[str, Table]:
        name = self.opts.model_name
        users, groups = (self.opts.get_field(field).related_model for field in ("user_shares", "group_shares"))
        shares = {
            f"{name}_share": Table(users, value="user_id", part_of=name),
            f"{name}_team_share": Table(groups, value="group_id", part_of=name),
        }
        return {name: Table(self.model), **shares, **self.tables}

    def teller(self, request: Any) -> Teller:
        """Knows the tables of all pages, for one record's story tells of others too."""
        pages = [page for page in self.admin_site._registry.values() if isinstance(page, RecordAdmin)]
        tables = {name: table for page in pages for name, table in page.all_tables().items()}
        return Teller(request.user, tables, self.labels(request), about=self.opts.model_name)

    def told_of(self, record: Any) -> Sequence[UUID]:
        """The ids of the records whose story this is."""
        return [record.pk]

    def entries(self, request: Any, record: Any, before: Any, limit: int) -> list[Entry]:
        return timeline(self.told_of(record), before, limit, user=request.user, kind=self.opts.model_name)

    def entries_since(self, request: Any, record: Any, since: dt.datetime) -> list[Entry]:
        found = timeline([record.pk], None, NEWEST, user=request.user, kind=self.opts.model_name)
        return [entry for entry in found if entry.at > since and entry.kind == "event"]

    def story(self, request: Any, record: Any, before: Any, limit: int) -> tuple[list[Any], str]:
        """What happened, newest first, and where the next page starts. Changes made together stay on one page."""
        entries = self.entries(request, record, before, limit + 1)
        following = ""
        if len(entries) > limit:
            last = entries.pop()
            whole = [entry for entry in entries if entry.at != last.at]
            entries = whole or entries
            following = encode_position(entries[-1].position)
        return self.teller(request).tell(entries), following

    def note_form(self, request: Any, record: Any) -> forms.ModelForm | None:
        """The form by which the user writes down what was said; nothing for who may not."""
        return None

    def save_note(self, request: Any, record: Any, form: forms.ModelForm) -> None:
        form.save()

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The timeline, with a form to write down a call, a meeting or a note."""
        record = self.visible_object(request, object_id)
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        form = self.note_form(request, record)
        if form is not None and request.method == "POST" and form.is_valid():
            self.save_note(request, record, form)
            messages.success(request, _("Written down."))
            return HttpResponseRedirect(request.path)
        try:
            before = decode_position(request.GET.get("before", ""))
        except exceptions.ValidationError:
            before = None
        story, older = self.story(request, record, before, PAGE)
        media = self.media + form.media if form else self.media
        context = {"story": story, "older": older, "form": form, "before": before, "media": media}
        return self.page(request, record, "admin/record/timeline.html", **context)

    # The tabs

    def render_change_form(self, request: Any, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        record = context.get("original")
        if record is not None and not context["is_popup"]:
            story, _following = self.story(request, record, None, PAGE)
            context["tabs"], context["story"] = self.tabs(request, record), story[:NEWEST]
            context["story_url"] = self.url(request, "history", record.pk)
            context["may_note"] = self.note_form(request, record) is not None
            context["steps"] = self.steps(request, record)
        return super().render_change_form(request, context, *args, **options)

    def tab_pages(self, request: Any, record: Any) -> list[tuple[str, str]]:
        """The pages of the record that the user may open, by the end of their addresses' names."""
        pages = [("change", capfirst(str(self.opts.verbose_name))), ("history", _("Timeline"))]
        return [*pages, ("sharing", _("Sharing"))] if rules.allows(request.user, record, "share") else pages

    def tabs(self, request: Any, record: Any) -> list[dict[str, Any]]:
        links = [(title, self.url(request, page, record.pk)) for page, title in self.tab_pages(request, record)]
        return [{"title": title, "link": link, "active": request.path == link} for title, link in links]

    def page(self, request: Any, record: Any, template: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "title": str(record),
                "opts": self.opts,
                "original": record,
                "model_admin": self,
                "tabs": self.tabs(request, record),
                **context,
            },
        )

    def get_urls(self) -> list[Any]:
        pages = [("sharing", self.sharing_view), ("step", self.step_view)]
        return [*(self.record_path(name, view) for name, view in pages), *super().get_urls()]

    def record_path(self, name: str, view: Any) -> Any:
        """The address of one more page of a record."""
        full_name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=full_name)

    def sharing_view(self, request: Any, object_id: str) -> HttpResponse:
        record = self.visible_object(request, object_id, "share")
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        initial = [
            {"user": share.user, "team": share.team, "level": share.verbs[-1]} for share in access.shares_of(record)
        ]
        formset = formset_factory(ShareForm, extra=1, can_delete=True)(
            request.POST or None,
            initial=initial,
            form_kwargs={
                "users": User.objects.filter(is_active=True).order_by("first_name", "last_name", "username"),
                "groups": Group.objects.order_by("name"),
            },
        )
        if request.method == "POST" and formset.is_valid():
            kept = [form for form in formset if form.has_changed() or form.initial]
            shares = [form.share() for form in kept if form not in formset.deleted_forms]
            access.set_shares(record=record, shares=shares)
            messages.success(request, _("Sharing saved."))
            return HttpResponseRedirect(request.path)
        return self.page(
            request, record, "admin/record/sharing.html", formset=formset, media=self.media + formset.media
        )

    # Steps

    def next_steps(self, record: Any) -> Sequence[str]:
        """The statuses that may follow the present one."""
        return ()

    def take_step(self, request: Any, record: Any, status: str) -> None:
        """Change the record's status by its service, which refuses what the table of statuses does not have."""
        raise NotImplementedError

    def steps(self, request: Any, record: Any) -> dict[str, Any] | None:
        """What the bar above the form offers, if anything."""
        links = [link for each in _links.get(self.model, ()) for link in each(request, record)]
        labels = dict(self.opts.get_field("status").flatchoices) if hasattr(record, "status") else {}
        may = self.has_change_permission(request, record)
        choices = [(status, labels[status]) for status in self.next_steps(record)] if may else []
        if not labels and not links:
            return None
        url = self.url(request, "step", record.pk) if choices else ""
        return {"now": labels.get(getattr(record, "status", "")), "choices": choices, "url": url, "links": links}

    def get_actions(self, request: Any) -> dict[str, Any]:
        """With a step for many records at once to each of ``bulk_statuses``."""
        found = super().get_actions(request)
        if request.GET.get("trash") == "1" or not self.has_change_permission(request):
            return found
        labels = dict(self.opts.get_field("status").flatchoices) if self.bulk_statuses else {}
        for status in self.bulk_statuses:
            description = _("Move selected %(verbose_name_plural)s to “%(status)s”") % {
                "verbose_name_plural": self.opts.verbose_name_plural,
                "status": labels[status],
            }
            found[f"to_{status}"] = (self.bulk_step(status), f"to_{status}", description)
        return found

    def bulk_step(self, status: str) -> Callable[[Any, Any, QuerySet], None]:
        def step(page: RecordAdmin, request: Any, queryset: QuerySet) -> None:
            rows = [row for row in queryset if self.has_change_permission(request, row)]
            moved = [self.attempt(request, partial(self.take_step, request, row, status), str(row)) for row in rows]
            messages.success(request, _("%(count)d moved.") % {"count": sum(moved)})

        return step

    @method_decorator(require_POST)
    def step_view(self, request: Any, object_id: str) -> HttpResponse:
        record = self.visible_object(request, object_id, "change")
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_change_permission(request, record):
            raise PermissionDenied
        if self.attempt(request, lambda: self.take_step(request, record, request.POST.get("status", ""))):
            messages.success(request, _("Status changed."))
        return HttpResponseRedirect(self.url(request, "change", record.pk))

    def attempt(self, request: Any, step: Callable[[], Any], subject: str = "") -> bool:
        """Whether a step that a service may refuse was taken; who asked is told why not."""
        try:
            with transaction.atomic():
                step()
        except (CrmError, ValidationError) as error:
            messages.error(request, f"{subject}: {reason(error)}" if subject else reason(error))
            return False
        return True
