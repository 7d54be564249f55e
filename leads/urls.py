from crm_project.api.routers import router

from . import views

leads = router()
leads.register("leads", views.LeadViewSet, "lead")
leads.register("leads/<uuid:lead_pk>/interactions", views.LeadInteractionViewSet, "lead-interaction")
leads.register("campaigns", views.CampaignViewSet, "campaign")
leads.register("score_rules", views.ScoreRuleViewSet, "score-rule")

urlpatterns = leads.urls
