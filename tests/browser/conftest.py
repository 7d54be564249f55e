"""Browser tests are collected where there is a browser; the rest of the suite needs nothing but Python."""

import os
import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


def pytest_report_header() -> str:
    return f"browser: {CHROMIUM or 'none found, so tests/browser is left out'}"


def picture(tab, name: str) -> None:
    """A screenshot to look at, in the folder that ``CRM_SCREENSHOTS`` names, if it names any."""
    if folder := os.environ.get("CRM_SCREENSHOTS"):
        tab.screenshot(path=f"{folder}/{name}.png", full_page=True)
