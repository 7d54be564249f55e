"""Classes in templates and code are in a style sheet: the theme's has only those that the theme itself uses."""

import re
from pathlib import Path

import unfold
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
THEME = Path(unfold.__file__).parent / "static/unfold/css/styles.css"
APPS = ("crm_project", "contacts", "leads", "customers", "orders", "feedback", "reports")
TAGS = re.compile(r"{%.*?%}|{{.*?}}|{}")


def styled():
    """The names of all classes that some style sheet knows."""
    sheets = [THEME, *(path for app in APPS for path in (ROOT / app).rglob("static/**/*.css"))]
    names = re.findall(r"\.((?:\\.|[\w-])+)", " ".join(sheet.read_text() for sheet in sheets))
    return {re.sub(r"\\(.)", r"\1", name) for name in names}


def used():
    """Each class with a file in which it is used; what a template puts together is left out."""
    files = [*(ROOT / "templates").rglob("*.html"), *(path for app in APPS for path in (ROOT / app).rglob("*.py"))]
    for path in files:
        for classes in re.findall(r'class="([^"]*)"', path.read_text()):
            for name in TAGS.sub(" ", classes).split():
                yield name, path.relative_to(ROOT)


def test_every_class_is_in_a_style_sheet():
    known, found = styled(), list(used())
    assert len(found) > 200
    assert [(name, str(path)) for name, path in found if name not in known] == []
