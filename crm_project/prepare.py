"""What `make run` does before it serves: tables, static files, a first login, demo data. Each step may be repeated."""

import hashlib
import os
import secrets
import subprocess
import sys
from io import StringIO
from pathlib import Path

import django
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError

from crm_project import kept

USERNAME = "admin"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
    try:
        prepare()
    except (CommandError, ImproperlyConfigured, OperationalError) as error:
        sys.exit(str(error).strip())


def prepare() -> None:
    django.setup()
    from django.conf import settings

    call_command("migrate", interactive=False, verbosity=0)
    collect_static(settings.DATA_DIR / "static.fingerprint")
    make_login(settings.DATA_DIR)
    call_command("seed_demo", if_empty=True)
    make_api_key(settings.DATA_DIR)


def collect_static(fingerprint: Path) -> None:
    """Collect the static files when one has changed. Hashing and compressing all of them takes seconds."""
    files = [storage.path(path) for finder in get_finders() for path, storage in finder.list([])]
    found = hashlib.sha256(repr([(file, os.stat(file).st_mtime_ns) for file in sorted(files)]).encode()).hexdigest()
    if not fingerprint.exists() or fingerprint.read_text() != found:
        call_command("collectstatic", interactive=False, verbosity=0)
        fingerprint.write_text(found)


def make_login(data_dir: Path) -> None:
    """Make the first administrator when missing. A password that people have changed since is kept no longer."""
    from crm_project.access.models import User

    user = User.objects.filter(username=USERNAME).first()
    if user is None:
        password = kept.read_or_make(data_dir, kept.ADMIN_PASSWORD, lambda: secrets.token_urlsafe(12))
        command = [sys.executable, "manage.py", "create_user", USERNAME, "--role", "Administrator", "--password-stdin"]
        subprocess.run(command, input=f"{password}\n", text=True, check=True, stdout=subprocess.DEVNULL)
    elif not user.check_password(kept.read(data_dir, kept.ADMIN_PASSWORD)):
        (data_dir / kept.ADMIN_PASSWORD).unlink(missing_ok=True)


def make_api_key(data_dir: Path) -> None:
    """Make a key when there is none, when it was revoked or when it belongs to another database."""
    from crm_project.access.models import ApiKey

    key = ApiKey.objects.filter(digest=ApiKey.digest_of(kept.read(data_dir, kept.API_KEY))).first()
    if key is None or not key.is_active:
        made = StringIO()
        call_command("create_api_key", USERNAME, name="make run", stdout=made)
        kept.write(data_dir, kept.API_KEY, made.getvalue().strip())


if __name__ == "__main__":
    main()
