"""Users, roles and API keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from crm_project.admin import RestrictedMixin
from crm_project.admin.lists import name_of
from crm_project.admin.story import Table, Teller
from crm_project.history import changes

from . import rules, services
from .models import ApiKey, Grant, Membership, Role, TrackedGroup, User

admin.site.unregister(Group)

MOST_TOLD = 200


@dataclass(frozen=True)
class Told:
    """A table whose changes a record's history tells: ``column`` of its events names the record."""

    model: Any
    column: str
    table: Table


class StoryMixin:
    """The page that tells what changed in the record and in what belongs to it, by whatever door and whoever did it."""

    told: tuple[Told, ...] = ()

    def history_view(self: Any, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The newest changes. One query for each table, and those of the teller."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        entries: list[Any] = []
        for each in self.told:
            name, label = each.model._meta.model_name, each.table.value or None
            events = each.model.pgh_event_model
            entries += changes.entries(events, each.column, [record.pk], None, MOST_TOLD, name=name, label=label)
        entries.sort(key=lambda entry: entry.position, reverse=True)
        tables = {each.model._meta.model_name: each.table for each in self.told}
        story = Teller(request.user, tables).tell(entries[:MOST_TOLD])
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %s") % record,
            "opts": self.opts,
            "original": record,
            "story": story,
        }
        return TemplateResponse(request, "admin/record/timeline.html", context)


class CrmUserChangeForm(UserChangeForm):
    """Nobody takes the admin away from themselves, which only somebody else could mend."""

    asking: Any = None

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if self.instance.pk == self.asking.pk:
            for name in ("is_active", "is_staff"):
                if name in self.changed_data and not data.get(name):
                    self.add_error(name, _("You would lock yourself out."))
            if "groups" in self.changed_data and not self.keeps_rights(data["groups"]):
                self.add_error("groups", _("You would take the right to manage users away from yourself."))
        return data

    def keeps_rights(self, groups: Any) -> bool:
        right = rules.permission_id(User, "change")
        return self.asking.is_superuser or groups.filter(role__reach=Role.Reach.COMPANY, permissions=right).exists()


@admin.register(User)
class UserAdmin(StoryMixin, RestrictedMixin, DjangoUserAdmin, ModelAdmin):
    menu, icon = "settings", "manage_accounts"
    told = (
        Told(User, "pgh_obj_id", Table(User)),
        Told(Membership, "user_id", Table(Membership, value="group_id", part_of="user")),
        Told(ApiKey, "user_id", Table(ApiKey, value="name", part_of="user")),
    )
    form = CrmUserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "role_names", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    list_filter_submit = True
    list_per_page = 50
    ordering = ("username",)
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (gettext_lazy("Person"), {"fields": ("first_name", "last_name", "email", "language", "time_zone")}),
        (
            gettext_lazy("Rights"),
            {
                "fields": ("is_active", "is_staff", "is_superuser", "groups"),
                "description": gettext_lazy("Roles say what somebody may do; teams say which records they work with."),
            },
        ),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "first_name", "last_name", "email", "is_staff", "groups"),
            },
        ),
        (gettext_lazy("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: Any) -> QuerySet:
        return super().get_queryset(request).prefetch_related("groups__role")

    def get_form(self, request: Any, obj: Any = None, **options: Any) -> Any:
        form = super().get_form(request, obj, **options)
        form.asking = request.user
        return form

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """Only who has all rights already gives them all away."""
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, "is_superuser")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self.not_above(request, obj)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self.not_above(request, obj) and obj != request.user

    def not_above(self, request: Any, obj: Any) -> bool:
        return obj is None or request.user.is_superuser or not obj.is_superuser

    @display(description=pgettext_lazy("name of a person", "Name"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description=gettext_lazy("Roles and teams"), label=True)
    def role_names(self, user: User) -> list[str]:
        return sorted(group.name for group in user.groups.all())


class RoleInline(RestrictedMixin, StackedInline):
    model = Role
    fields = ("reach", "description")
    extra = 0
    verbose_name = gettext_lazy("Role")
    verbose_name_plural = gettext_lazy("Role: a group without one is a team")


@admin.register(Group)
class GroupAdmin(StoryMixin, RestrictedMixin, DjangoGroupAdmin, ModelAdmin):
    menu, icon = "settings", "groups"
    told = (
        Told(TrackedGroup, "pgh_obj_id", Table(Group)),
        Told(Role, "group_id", Table(Role)),
        Told(Grant, "group_id", Table(Grant, value="permission_id", part_of="trackedgroup")),
        Told(Membership, "group_id", Table(Membership, value="user_id", part_of="trackedgroup")),
    )
    compressed_fields = False
    inlines = (RoleInline,)
    list_display = ("name", "kind", "description")
    list_select_related = ("role",)

    def get_queryset(self, request: Any) -> QuerySet:
        return super().get_queryset(request).select_related("role")

    @display(description=gettext_lazy("Kind"), label=True)
    def kind(self, group: Group) -> str:
        return group.role.get_reach_display() if hasattr(group, "role") else _("Team")

    @display(description=gettext_lazy("Description"))
    def description(self, group: Group) -> str:
        return group.role.description if hasattr(group, "role") else ""


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=ApiKey.Scope.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=[ApiKey.Scope.READ, ApiKey.Scope.WRITE],
        label=gettext_lazy("Scopes"),
        help_text=gettext_lazy("A key may do what its user may, but no more than its scopes say."),
    )

    class Meta:
        model = ApiKey
        fields = ("user", "name", "scopes", "expires_at")

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and "expires_at" in self.changed_data and expires_at <= timezone.now():
            raise ValidationError(_("This time is over already."))
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(StoryMixin, RestrictedMixin, ModelAdmin):
    """Everybody makes and revokes keys for themself; who may manage keys does so for anybody."""

    menu, icon = "settings", "key"
    told = (Told(ApiKey, "pgh_obj_id", Table(ApiKey)),)
    form = ApiKeyForm
    list_display = ("shown_name", "shown_prefix", "owner", "shown_scopes", "expires_at", "last_used_at", "state")
    list_select_related = ("user",)
    list_per_page = 50
    ordering = ("-pk",)
    actions = ("revoke",)
    readonly_fields = ("shown_prefix", "created_at", "last_used_at", "revoked_at")

    def manages(self, request: Any, verb: str) -> bool:
        return rules.may(request.user, ApiKey, verb)

    def may(self, request: Any, verb: str, obj: Any = None) -> bool:
        """Own keys like one's own records; rows stay when a key is revoked, so that what it did can be told."""
        if verb == "delete":
            return False
        return rules.is_known(request.user) and (
            obj is None or obj.user_id == request.user.pk or self.manages(request, verb)
        )

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.revoked_at is None)

    def get_queryset(self, request: Any) -> QuerySet:
        keys = super().get_queryset(request)
        return keys if self.manages(request, "view") else keys.filter(user=request.user)

    def get_fields(self, request: Any, obj: Any = None) -> list[str]:
        fields = ["name", "scopes", "expires_at"]
        if obj is not None:
            return ["user", *fields, *self.readonly_fields]
        return ["user", *fields] if self.manages(request, "add") else fields

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj is None else (*self.readonly_fields, "user")

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **options: Any) -> Any:
        people = User.objects.filter(is_active=True).order_by("username")
        if not request.user.is_superuser:
            people = people.filter(is_superuser=False)
        field = super().formfield_for_foreignkey(db_field, request, queryset=people, **options)
        field.initial, field.label_from_instance = request.user.pk, name_of
        return field

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        data = form.cleaned_data
        key, secret = services.create_api_key(
            user=data.get("user") or request.user,
            name=data["name"],
            scopes=data["scopes"],
            expires_at=data["expires_at"],
        )
        obj.pk, obj.prefix, obj.user, obj.secret = key.pk, key.prefix, key.user, secret

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The new key's secret, in this answer and never again: it is stored nowhere, not even in the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Your new API key"),
            "opts": self.opts,
            "secret": obj.secret,
            "example": f"curl -H 'Authorization: Bearer {obj.secret}' {request.build_absolute_uri('/contacts')}",
        }
        return TemplateResponse(request, "access/secret.html", context, headers={"Cache-Control": "no-store"})

    @admin.action(description=gettext_lazy("Revoke selected keys"), permissions=["change"])
    def revoke(self, request: Any, queryset: QuerySet) -> None:
        keys = [key for key in queryset if self.may(request, "change", key)]
        for key in keys:
            services.revoke_api_key(key=key)
        messages.success(request, _("%(count)d keys revoked; they work no longer.") % {"count": len(keys)})

    @display(description=gettext_lazy("Name"))
    def shown_name(self, key: ApiKey) -> str:
        return key.name or _("API key")

    @display(description=gettext_lazy("Starts with"))
    def shown_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description=gettext_lazy("Owner"), ordering="user__username")
    def owner(self, key: ApiKey) -> str:
        return name_of(key.user)

    @display(description=gettext_lazy("Scopes"), label=True)
    def shown_scopes(self, key: ApiKey) -> list[str]:
        return [str(ApiKey.Scope(scope).label) for scope in key.scopes if scope in ApiKey.Scope.values]

    @display(description=gettext_lazy("State"), label={"active": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> tuple[str, str]:
        if key.revoked_at:
            return "revoked", _("revoked")
        return ("active", _("active")) if key.is_active else ("expired", _("expired"))


@admin.register(AccessLog)
class SignInAdmin(RestrictedMixin, ModelAdmin):
    """Who signed in to the admin, when and from where. Nobody adds or changes this."""

    menu, icon = "settings", "login"
    list_display = ("attempt_time", "username", "ip_address", "user_agent")
    search_fields = ("username", "ip_address")
    search_help_text = gettext_lazy("A user name or an address of the network")
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = ("attempt_time", "logout_time", "username", "ip_address", "user_agent")
    ordering = ("-pk",)

    def may(self, request: Any, verb: str, obj: Any = None) -> bool:
        return verb == "view" and super().may(request, verb, obj)


@admin.register(AccessFailureLog)
class FailedSignInAdmin(SignInAdmin):
    """Who could not sign in."""

    icon = "gpp_maybe"
    list_display = (*SignInAdmin.list_display, "locked_out")
    fields = readonly_fields = ("attempt_time", "locked_out", "username", "ip_address", "user_agent")
