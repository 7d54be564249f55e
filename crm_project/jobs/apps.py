from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "crm_project.jobs"
    label = "jobs"

    def ready(self) -> None:
        from . import erasing

        erasing.register()
