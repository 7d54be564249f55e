from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = _("Feedback")

    def ready(self):
        from crm_project import demo

        from . import erasing, mails, standing, timeline
        from .demo import make_feedback
        from .models import Feedback

        mails.register()
        standing.register()
        timeline.register()
        demo.register(demo.Part("feedback", Feedback, default=150, make=make_feedback))
        erasing.register()
