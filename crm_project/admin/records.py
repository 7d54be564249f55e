"""The pages of one owned record: its form, its timeline, and with whom it is shared, under one row of tabs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import formset_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
from .lists import name_of
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

    user = forms.ModelChoiceField(User.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget)
    team = forms.ModelChoiceField(Group.objects.none(), required=False, widget=widgets.UnfoldAdminSelect2Widget)
    level = forms.ChoiceField(choices=LEVELS, initial="view", widget=widgets.UnfoldAdminSelectWidget)

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


class RecordAdmin(OwnedModelAdmin):
    """An owned record of which the timeline's sources tell; it is saved by services, which a page names.

    ``tables`` says what the types of the timeline's events are about, besides the record and its shares.
    """

    tables: dict[str, Table] = {}
    change_form_outer_after_template = "admin/record/newest.html"
    readonly_fields: Sequence[Any] = ("created_by", "created_at", "updated_at")

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        return {"assigned_to": request.user.pk, **super().get_changeform_initial_data(request)}

    @display(description=gettext_lazy("Owner"))
    def owner(self, record: Any) -> str:
        return name_of(record.assigned_to) if record.assigned_to else ""

    @display(description=gettext_lazy("Changed"), ordering="updated_at")
    def changed(self, record: Any) -> dt.datetime:
        return record.updated_at

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
        return [self.record_path("sharing", self.sharing_view), *super().get_urls()]

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

    def attempt(self, request: Any, step: Any) -> bool:
        """Whether a step that a service may refuse was taken; who asked is told why not."""
        try:
            with transaction.atomic():
                step()
        except (CrmError, ValidationError) as error:
            messages.error(request, reason(error))
            return False
        return True
