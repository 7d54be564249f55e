from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DatabaseConfig(AppConfig):
    name = "crm_project.database"
    label = "database"

    def ready(self):
        from . import changes, checks, functions, triggers  # noqa: F401  (two of them register themselves)

        post_migrate.connect(triggers.quicken, sender=self)
        post_migrate.connect(changes.watch, sender=self)
