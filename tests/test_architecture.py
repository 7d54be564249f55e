"""Who may import whom, who may refer to whom, and who may ask about rights."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
APPS = ["contacts", "leads", "customers", "orders", "feedback", "reports"]  # Each may know those before it.
FRAME = {"settings.py", "urls.py", "wsgi.py", "asgi.py"}
PRIVATE = {"views", "serializers", "admin"}
OWNERSHIP = {"assigned_to", "assigned_to_id", "team", "team_id"}
SOURCES = [
    path
    for folder in ["crm_project", *APPS]
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]


def app_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def is_frame(path: Path) -> bool:
    """Settings and addresses bring the apps together and so may know them all."""
    return path.parent.name == "crm_project" and path.name in FRAME


def imports(path: Path) -> list[tuple[str, int]]:
    """Absolute names of all that a file imports, inside functions too, and their lines."""
    package = path.relative_to(ROOT).parent.parts
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(f"{module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def rank(app: str) -> int:
    """0 for the kernel, then the apps in their order; -1 for what is not ours."""
    return 0 if app == "crm_project" else APPS.index(app) + 1 if app in APPS else -1


def offences(wrong: Callable[[Path, str], bool]) -> list[str]:
    """Every import in the frame's, kernel's and apps' files of which ``wrong(path, name)`` is true."""
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in SOURCES
        for name, line in imports(path)
        if not is_frame(path) and wrong(path, name)
    ]


def test_there_is_something_to_check():
    assert {app_of(path) for path in SOURCES} >= {"crm_project", "contacts"}
    assert "contacts.people.PersonModel" in dict(imports(ROOT / "leads" / "models.py"))
    assert "contacts.services.naming.tidy" in dict(imports(ROOT / "contacts" / "filters.py"))


def test_imports_point_down_the_line():
    assert offences(lambda path, name: rank(name.split(".")[0]) > rank(app_of(path))) == []


def test_of_other_apps_views_serializers_and_admin_are_not_imported():
    def wrong(path: Path, name: str) -> bool:
        app, *rest = name.split(".")
        return app in APPS and app != app_of(path) and bool(PRIVATE & set(rest))

    assert offences(wrong) == []


def test_kernel_names_no_app():
    """Nor in a text, such as the name of a model or of a module to be imported by name."""
    name_in_app = re.compile(rf"({'|'.join(APPS)})\.\w+(\.\w+)*")
    texts = [
        f"{path.relative_to(ROOT)}:{node.lineno} says {node.value!r}"
        for path in SOURCES
        if app_of(path) == "crm_project" and not is_frame(path)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name_in_app.fullmatch(node.value)
    ]
    assert texts == []


def test_foreign_keys_point_down_the_line():
    wrong = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields(include_parents=False)
        if field.is_relation and field.concrete and field.related_model
        if rank(field.related_model.__module__.split(".")[0]) > rank(model.__module__.split(".")[0]) >= 0
    ]
    assert wrong == []


def test_only_access_asks_guardian():
    """Apps only derive their tables of shares from guardian's, and their admin pages from its pages."""
    tables = {"guardian.models.UserObjectPermissionBase", "guardian.models.GroupObjectPermissionBase"}

    def wrong(path: Path, name: str) -> bool:
        mine = "access" in path.parts or name in tables or name.startswith("guardian.admin.")
        return name.split(".")[0] == "guardian" and not mine

    assert offences(wrong) == []


def decided_by(node: ast.AST) -> set[str]:
    """Ownership columns by which a node decides: compared, or looked up in a ``Q`` or a filter."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return {side.attr for side in sides if isinstance(side, ast.Attribute)} & OWNERSHIP
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"filter", "exclude", "Q", "get"}:
            lookups = {keyword.arg for keyword in node.keywords if keyword.arg and not keyword.arg.endswith("__isnull")}
            return {lookup.split("__")[0] for lookup in lookups} & OWNERSHIP
    return set()


# Counts who has how much to do when it deals out new leads, which gives nobody a right.
DEALS_OUT = ROOT / "leads/services/assignment.py"


def test_only_access_decides_by_ownership():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno} decides by {', '.join(found)}"
        for path in SOURCES
        if "access" not in path.parts and path != DEALS_OUT
        for node in ast.walk(ast.parse(path.read_text()))
        if (found := decided_by(node))
    ]
    assert wrong == []


def test_the_search_for_ownership_finds_it():
    for text in ("record.assigned_to_id == user.pk", "Q(team=1)", "rows.filter(assigned_to__in=x)"):
        assert decided_by(ast.parse(text, mode="eval").body)


def test_the_rule_is_asked_in_sql_by_the_rules_alone():
    assert offences(lambda path, name: name.startswith("crm_project.access.ways") and path.name != "rules.py") == []
