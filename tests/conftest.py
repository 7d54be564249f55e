"""What every test stands on. The environment comes first: Django reads it when the settings load."""

import os
from pathlib import Path

from crm_project.database.embedded import Server

# Tests have a server of their own. Workers of pytest-xdist inherit its address from the process that started them.
DATA_DIR = Path(os.environ.get("CRM_DATA_DIR") or Path(__file__).resolve().parent.parent / "var").resolve()
if not os.environ.get("DATABASE_URL"):
    server = Server(DATA_DIR / "test-postgres", durable=False)
    server.start()
    os.environ["DATABASE_URL"] = server.url
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
os.environ.setdefault("SECRET_KEY", "only-for-checks-and-tests-not-for-a-server")
os.environ.setdefault("CRM_TEST_DATABASE", "test_crm")

import django

django.setup()
