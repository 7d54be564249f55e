"""``sharing`` beside an owned record: who else may do what with it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from crm_project.api.schema import KEY, example
from crm_project.api.serializers import CrmSerializer, MultipleChoiceField, RelatedField
from crm_project.api.viewsets import etag_of

from .models import OwnedModel, User
from .services import SHARED_VERBS, Share, set_shares, shares_of

SHARE_EXAMPLE = {"user": KEY, "team": None, "name": "grace", "verbs": ["view", "change"]}


class ShareSerializer(CrmSerializer):
    """What one user or one team may do with the record."""

    user = RelatedField(
        queryset=User.objects.filter(is_active=True), pk_field=serializers.UUIDField(), required=False, allow_null=True
    )
    team = RelatedField(queryset=Group.objects.all(), required=False, allow_null=True)
    name = serializers.CharField(read_only=True)
    verbs = MultipleChoiceField(choices=SHARED_VERBS, allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> Share:
        if bool(attrs.get("user")) == bool(attrs.get("team")):
            raise serializers.ValidationError(_("Give either a user or a team."))
        return Share(attrs.get("user"), attrs.get("team"), sorted(attrs["verbs"], key=SHARED_VERBS.index))

    def to_representation(self, share: Share) -> dict[str, Any]:
        return {
            "user": share.user and str(share.user.pk),
            "team": share.team and share.team.pk,
            "name": share.user.get_username() if share.user else share.team and share.team.name,
            "verbs": share.verbs,
        }


@example({"shares": [{"user": KEY, "verbs": ["view", "change"]}]}, shares=[SHARE_EXAMPLE])
class SharingSerializer(CrmSerializer):
    shares = ShareSerializer(many=True)


class SharingActions:
    """Mixed into the view set of an owned record."""

    @extend_schema(responses=SharingSerializer)
    @action(detail=True)
    def sharing(self, request: Any, pk: Any = None) -> Response:
        """Get with whom a {one} is shared."""
        return self.shares(self.get_object())

    @extend_schema(request=SharingSerializer, responses=SharingSerializer)
    @sharing.mapping.put
    def set_sharing(self, request: Any, pk: Any = None) -> Response:
        """Share a {one}.

        The list replaces all shares. Each entry names a user or a team, and verbs: view, change, delete.
        """
        record = self.get_object()
        serializer = SharingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        set_shares(record=record, shares=serializer.validated_data["shares"])
        record.refresh_from_db(fields=["version"])
        return self.shares(record)

    def shares(self, record: OwnedModel) -> Response:
        return Response(SharingSerializer({"shares": shares_of(record)}).data, headers={"ETag": etag_of(record)})
