"""The settings refuse nonsense: the process does not start, and says which variable is wrong."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

URL = "postgres://crm@localhost/crm"
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def load(tmp_path, monkeypatch):
    """``load(NAME=value)``: the settings that a process with this environment and nothing else would have."""
    for name in os.environ.keys() - {"PATH"}:
        monkeypatch.delenv(name)
    for name, value in {"SECRET_KEY": "k" * 50, "CRM_DATA_DIR": str(tmp_path), "DATABASE_URL": URL}.items():
        monkeypatch.setenv(name, value)

    def run(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name)
        return runpy.run_path(str(ROOT / "crm_project" / "settings.py"))

    return run


def test_process_does_not_start_without_a_secret(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"PATH": os.environ["PATH"], "CRM_DATA_DIR": str(tmp_path), "DATABASE_URL": URL},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "SECRET_KEY must be set to at least 32 random characters." in done.stderr


def test_defaults_are_safe(load):
    settings = load()
    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["CRM_PHONE_REGIONS"] == ["US", "RU"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("DEBUG", "maybe"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "crm.example.com,*"),
        ("CRM_CONN_MAX_AGE", "long"),
        ("CRM_CONN_MAX_AGE", "-1"),
        ("CRM_LOGIN_FAILURES", "0"),
        ("CRM_LOGIN_LOCK_HOURS", "1.5"),
        ("CRM_TRUSTED_PROXIES", "all"),
        ("CRM_HTTPS", "si"),
        ("CRM_IMPORT_MAX_MB", "0"),
        ("CRM_RATE_LIMIT", "many"),
        ("CRM_RATE_LIMIT", "10"),
        ("CRM_RATE_LIMIT", "0/60"),
        ("CRM_WRONG_KEY_RATE", "10/0"),
        ("CRM_IMPORT_RATE", "-1/60"),
        ("CRM_EXPORT_RATE", "1/x"),
        ("CRM_PHONE_REGIONS", "US,Atlantis"),
        ("CRM_PHONE_REGIONS", ""),
        ("CRM_LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "mysql://crm@localhost/crm"),
        ("EMAIL_URL", "pigeon://"),
    ],
)
def test_nonsense_stops_the_start_and_names_the_variable(load, name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        load(**{name: value})


@pytest.mark.parametrize("value", ["1", "true", "Yes", " on "])
def test_true_in_its_spellings(load, value):
    assert load(DEBUG=value, ALLOWED_HOSTS="*")["DEBUG"] is True


def test_key_that_was_kept_is_used(load, tmp_path):
    (tmp_path / "secret_key").write_text("k" * 50 + "\n")
    assert load(SECRET_KEY=None)["SECRET_KEY"] == "k" * 50


def test_proxies_make_forwarded_https_trusted(load):
    assert load()["SECURE_PROXY_SSL_HEADER"] is None
    assert load(CRM_TRUSTED_PROXIES="1")["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
