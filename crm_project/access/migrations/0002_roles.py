from django.db import migrations

from crm_project.access import roles

USERS_AND_ROLES = [
    f"{verb}_{model}" for model in ("user", "apikey", "role") for verb in ("add", "change", "delete", "view")
]
GROUPS = [f"{verb}_group" for verb in ("add", "change", "delete", "view")] + ["view_permission"]
SIGN_INS = roles.codenames(["view"], ["accesslog", "accessfailurelog"])


def make_roles(apps, schema_editor):
    for name, (reach, description) in roles.DEFAULTS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        apps.get_model("access", "Role").objects.get_or_create(
            group=group, defaults={"reach": reach, "description": description}
        )
    roles.grant(apps, "auth", {roles.ADMINISTRATOR: GROUPS})
    roles.grant(apps, "access", {roles.ADMINISTRATOR: USERS_AND_ROLES})
    roles.grant(apps, "axes", {roles.ADMINISTRATOR: SIGN_INS})


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0009_add_session_hash"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
