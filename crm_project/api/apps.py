from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "crm_project.api"
    label = "api"
    verbose_name = "API"

    def ready(self):
        from . import erasing

        erasing.register()
