from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "crm_project.jobs"
    label = "jobs"
