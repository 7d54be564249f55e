from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "crm_project.history"
    label = "history"
