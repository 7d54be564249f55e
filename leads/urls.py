from crm_project.api.routers import router

from . import views
from .nurturing import views as nurturing

leads = router()
leads.register("leads", views.LeadViewSet, "lead")
leads.register("leads/<uuid:lead_pk>/interactions", views.LeadInteractionViewSet, "lead-interaction")
leads.register("campaigns", views.CampaignViewSet, "campaign")
leads.register("score_rules", views.ScoreRuleViewSet, "score-rule")
leads.register("nurture_sequences", nurturing.NurtureSequenceViewSet, "nurture-sequence")
leads.register("nurture_enrollments", nurturing.NurtureEnrollmentViewSet, "nurture-enrollment")
leads.register("leads/nurture", nurturing.NurturingViewSet, "nurturing")

urlpatterns = leads.urls
