from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DatabaseConfig(AppConfig):
    name = "crm_project.database"
    label = "database"

    def ready(self):
        from . import checks, functions, triggers  # noqa: F401  (the first two register themselves)

        post_migrate.connect(triggers.quicken, sender=self)
