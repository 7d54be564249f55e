from typing import Any

from django.urls import path, register_converter

from .views import DatumViewSet, PersonViewSet


class IdConverter:
    """The id at the end of an address: ``ID``, ``ID=``, ``:id=ID``, or nothing where ``?id=ID`` follows."""

    regex = "[^/]*"

    def to_python(self, value: str) -> str:
        name, _, rest = value.partition("=")
        return (rest if name in {":id", ":contact_id"} else value).removesuffix("=")

    def to_url(self, value: Any) -> str:
        return str(value)


register_converter(IdConverter, "eadesk_id")

urlpatterns = [
    path("create", PersonViewSet.as_view({"post": "create"})),
    path("read", PersonViewSet.as_view({"get": "read"})),
    path("update/<eadesk_id:pk>", PersonViewSet.as_view({"post": "update"})),
    path("delete/<eadesk_id:pk>", PersonViewSet.as_view({"post": "destroy"})),
    path("contacts/create/<eadesk_id:contact_pk>", DatumViewSet.as_view({"post": "create"})),
    path("contacts/read", DatumViewSet.as_view({"get": "read"})),
    path("contacts/update/<eadesk_id:pk>", DatumViewSet.as_view({"post": "update"})),
    path("contacts/delete/<eadesk_id:pk>", DatumViewSet.as_view({"post": "destroy"})),
]
