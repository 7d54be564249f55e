from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "crm_project.api"
    label = "api"
    verbose_name = _("API")

    def ready(self):
        from . import erasing

        erasing.register()
