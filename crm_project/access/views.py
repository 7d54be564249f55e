"""Who am I, and what may I do?"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from crm_project.api.schema import KEY, example
from crm_project.api.viewsets import CrmViewSet

from .grants import grants_of
from .models import ApiKey, User


class GroupSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


@example(
    None,
    id=KEY,
    username="grace",
    name="Grace Hopper",
    email="grace@example.com",
    language="en",
    time_zone="Europe/Paris",
    roles=[{"id": 3, "name": "Sales"}],
    teams=[{"id": 7, "name": "North"}],
    rights={"company": [], "own": ["notes.add_note", "notes.view_note"]},
    scopes=["read", "write"],
)
class MeSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.EmailField(allow_blank=True)
    language = serializers.CharField()
    time_zone = serializers.CharField()
    roles = GroupSerializer(many=True)
    teams = GroupSerializer(many=True)
    rights = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Rights for every record of the company, and for own, team's and shared records.",
    )
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Of the API key that was sent.")


class MeViewSet(CrmViewSet):
    tag = "me"
    queryset = User.objects.all()
    serializer_class = MeSerializer
    action_verbs = {"me": "view"}

    @extend_schema(responses=MeSerializer)
    def me(self, request: Any) -> Response:
        """Get the user of the API key.

        With roles, teams and rights, cut down by the key's scopes where it is used.
        """
        user = request.user
        groups = list(user.groups.select_related("role").order_by("name"))
        grants = grants_of(user)
        is_key = isinstance(request.auth, ApiKey)
        return Response(
            MeSerializer(
                {
                    "id": user.pk,
                    "username": user.username,
                    "name": user.get_full_name() or user.username,
                    "email": user.email,
                    "language": user.language,
                    "time_zone": user.time_zone,
                    "roles": [group for group in groups if hasattr(group, "role")],
                    "teams": [group for group in groups if not hasattr(group, "role")],
                    "rights": {"company": sorted(grants.company), "own": sorted(grants.own)},
                    "scopes": request.auth.scopes if is_key else ApiKey.Scope.values,
                }
            ).data
        )
