from django.contrib import admin
from django.urls import path

from . import pages, views
from .fields import member

VIEWS = (views.ContactViewSet, views.LogViewSet, views.SessionViewSet)

urlpatterns = [
    path(f"api/app-connect/{member(action)}", view.as_view({"post": action}), name=f"app-connect-{action}")
    for view in VIEWS
    for action in view.action_verbs
] + [
    path("admin/app-connect/log/<str:id>", admin.site.admin_view(pages.open_log), name="app-connect-log"),
    path("admin/app-connect/<str:type>/<str:id>", admin.site.admin_view(pages.open_record), name="app-connect-record"),
]
