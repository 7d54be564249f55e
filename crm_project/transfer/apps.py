from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransferConfig(AppConfig):
    name = "crm_project.transfer"
    label = "transfer"
    verbose_name = _("Imports and exports")

    def ready(self):
        from . import erasing

        erasing.register()
