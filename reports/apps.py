from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")

    def ready(self):
        from crm_project.admin.site import register_card

        from . import pages

        register_card(pages.dashboard)
