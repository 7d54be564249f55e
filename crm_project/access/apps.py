from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "crm_project.access"
    label = "access"
    verbose_name = "Users and permissions"
