from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "crm_project.database"
    label = "database"

    def ready(self):
        from . import checks, functions  # noqa: F401  (both register themselves)
