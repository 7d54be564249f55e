"""Browser tests are collected where there is a browser; the rest of the suite needs nothing but Python."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM or 'none found, so tests/browser is left out'}"
