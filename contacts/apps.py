from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = _("Contacts")

    def ready(self):
        from crm_project import demo
        from crm_project.transfer import undo
        from crm_project.transfer.resources import register

        from . import custom_fields, erasing, timeline
        from .app_connect import sources
        from .demo import make_contacts
        from .filters import ContactFilterSet
        from .models import Contact
        from .resources import ContactResource
        from .services.points import choose_primaries

        timeline.register()
        sources.register(sources.ContactSource())
        custom_fields.register(Contact)
        register(ContactResource, ContactFilterSet)
        undo.register(Contact, undo.Rule(settle=choose_primaries))
        demo.register(demo.Part("contacts", Contact, default=500, make=make_contacts))
        erasing.register()
