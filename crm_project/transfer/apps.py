from django.apps import AppConfig


class TransferConfig(AppConfig):
    name = "crm_project.transfer"
    label = "transfer"
    verbose_name = "Imports and exports"

    def ready(self):
        from . import erasing

        erasing.register()
