from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailConfig(AppConfig):
    name = "crm_project.mail"
    label = "mail"
    verbose_name = _("Mail")

    def ready(self):
        from . import erasing, links, placeholders

        placeholders.register(links.HIDDEN_TOKEN, links.token_of)
        erasing.register()
