from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "crm_project.jobs"
    verbose_name = _("Jobs")
    label = "jobs"

    def ready(self) -> None:
        from . import erasing

        erasing.register()
