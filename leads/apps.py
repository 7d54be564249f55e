from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = _("Leads")

    def ready(self):
        from contacts import custom_fields
        from contacts.services import merging
        from crm_project import demo
        from crm_project.mail import sending, templates
        from crm_project.mail.models import Purpose
        from crm_project.transfer import undo
        from crm_project.transfer.resources import register

        from . import callers, erasing, timeline
        from .demo import make_leads
        from .filters import LeadFilterSet
        from .models import Lead, LeadStatusChange
        from .nurturing import stopping
        from .resources import LeadResource
        from .services import scoring

        timeline.register()
        callers.register()
        register(LeadResource, LeadFilterSet)
        undo.register(
            Lead,
            undo.Rule(
                derive=scoring.rescore_ids,
                derived=scoring.computed_columns,
                follows={"score_is_manual": "score"},
            ),
        )
        undo.register(LeadStatusChange, undo.Rule(tells_of="status"))
        custom_fields.register(Lead)
        merging.register(merging.moves("leads", Lead))
        demo.register(demo.Part("leads", Lead, default=120, make=make_leads))
        sending.register_guard(Purpose.NURTURING, stopping.guard)
        for key, name in (("welcome", _("Welcome")), ("still_interested", _("Still interested?"))):
            templates.register(templates.MailTemplate(key, Purpose.NURTURING, name, templates.EXAMPLE))
        erasing.register()
