"""import_contacts and export_contacts: what they print, and how they end."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from contacts.models import Contact
from crm_project.transfer.management.progress import Progress
from crm_project.transfer.models import ExportJob, ImportJob
from tests.factories import ContactFactory, UserFactory

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture
def administrator_user(db):
    return UserFactory(username="first", groups=["Administrator"])


@pytest.fixture
def file(tmp_path):
    def write(content, name="people.csv"):
        (path := tmp_path / name).write_text(content)
        return path

    return write


def run(name, *arguments, **options):
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(name, *map(str, arguments), stdout=out, stderr=err, **options)
    except SystemExit as end:
        code = end.code
    return code, out.getvalue(), err.getvalue()


def refused(name, *arguments, **options):
    with pytest.raises(CommandError) as refusal:
        run(name, *arguments, **options)
    assert refusal.value.returncode == 2
    return str(refusal.value)


def test_all_rows_in(administrator_user, file):
    code, out, err = run("import_contacts", file("name,email\nA,a@example.com\nB,b@example.com"))
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "2 rows: 2 created, 0 updated, 0 unchanged, 0 skipped, 0 failed."
    assert {contact.assigned_to for contact in Contact.objects.all()} == {administrator_user}
    code, out, _ = run("import_contacts", file("name,email\nA,a@example.com\nB,b@example.com"), match="email")
    assert (code, "2 unchanged" in out) == (0, True)


def test_some_rows_failed(administrator_user, tmp_path):
    errors = tmp_path / "errors.csv"
    code, out, err = run("import_contacts", SAMPLES / "hubspot-contacts.csv", errors=str(errors))
    assert code == 1
    assert "3 rows: 2 created, 0 updated, 0 unchanged, 0 skipped, 1 failed." in out
    assert "Line 4, column “Email”: “broken-email@” is not a valid e-mail address." in err
    row = next(csv.DictReader(io.StringIO(errors.read_text())))
    assert (row["Record ID"], row["Import line"]) == ("103", "4")


def test_dry_run_and_all_or_nothing(administrator_user, file):
    path = file("name,email\nA,a@example.com\nB,x")
    code, out, _ = run("import_contacts", path, dry_run=True)
    assert (code, "2 rows would be: 1 created" in out) == (1, True)
    code, _, err = run("import_contacts", path, all_or_nothing=True)
    assert (code, "Nothing was imported" in err) == (1, True)
    assert Contact.objects.count() == 0


def test_options(administrator_user, file):
    other = UserFactory(username="other", groups=["Sales"])
    mapping = file('{"who": "name", "mail": null}', "mapping.json")
    path = file("who;mail;tel\nA;a@example.com;8 987 654-32-10")
    code, _, _ = run("import_contacts", path, owner="other", mapping=str(mapping), region="ru", delimiter=";")
    contact = Contact.objects.get()
    assert (code, contact.name, contact.assigned_to) == (0, "A", other)
    assert [point.normalized for point in contact.points.all()] == ["+79876543210"]


def test_interrupted_import_goes_on(administrator_user, file, monkeypatch):
    from crm_project.transfer import engine

    monkeypatch.setattr(engine, "CHUNK_ROWS", 2)
    path = file("name\n" + "\n".join("ABCDE"))

    def interrupt(self, job):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", interrupt)
        with pytest.raises(CommandError, match="goes on from there"):
            run("import_contacts", path)
    assert Contact.objects.count() == 2
    code, out, _ = run("import_contacts", path)
    assert (code, Contact.objects.count(), ImportJob.objects.count()) == (0, 5, 1)
    assert "interrupted after 2 rows" in out


def test_terminal_shows_a_bar_and_a_pipe_lines(administrator_user, monkeypatch):
    class Output(io.StringIO):
        def write(self, text, ending="\n"):
            return super().write(text + ending)

    job = ImportJob(checkpoint=50, total=100, rows=50, state=ImportJob.State.RUNNING)
    terminal = Output()
    terminal.isatty = lambda: True
    Progress(terminal)(job)
    assert terminal.getvalue().startswith("\r[███████████████···············] 50 of 100 rows")
    pipe = Output()
    progress = Progress(pipe)
    progress(job)
    assert pipe.getvalue() == ""
    progress.last -= 60
    progress(job)
    assert pipe.getvalue().startswith("50 of 100 rows")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, {}, "cannot be read"),
        ("", {}, "The file is empty."),
        ("foo\n1", {}, "None of the columns is known"),
        ("name\nA", {"owner": "nobody"}, "There is no active user 'nobody'."),
        ("name\nA", {"match": "emial"}, "Did you mean “email”?"),
        ("name\nA", {"mapping": "/nowhere.json"}, "/nowhere.json cannot be read"),
        ("name\nA", {"region": "XX"}, "two letters"),
    ],
)
def test_import_that_cannot_run(administrator_user, file, tmp_path, content, options, message):
    path = tmp_path / "missing.csv" if content is None else file(content)
    assert message in refused("import_contacts", path, **options)
    assert Contact.objects.count() == 0


def test_import_without_an_administrator(db, file):
    assert "There is no administrator yet" in refused("import_contacts", file("name\nA"))


def test_who_may_not_import_cannot(administrator_user, file):
    UserFactory(username="reader", groups=["Read-only"])
    code, _, err = run("import_contacts", file("name\nA"), owner="reader")
    assert (code, "reader may not import contacts" in err, Contact.objects.count()) == (2, True, 0)


def test_export_to_files_and_back(administrator_user, tmp_path):
    ContactFactory(name="A", categories=["VIP"])
    ContactFactory(name="B")
    path = tmp_path / "out.json"
    code, out, _ = run("export_contacts", path, "category=VIP", columns="name")
    assert (code, out, json.loads(path.read_text())) == (0, "1 rows.\n", [{"name": "A"}])
    assert ExportJob.objects.get().door == "command"
    run("export_contacts", path.with_suffix(".csv"))
    assert "2 unchanged" in run("import_contacts", path.with_suffix(".csv"), match="id")[1]


def test_export_that_cannot_run(administrator_user, tmp_path):
    path = tmp_path / "out.csv"
    assert "Did you mean “category”?" in refused("export_contacts", path, "categry=VIP")
    assert "Did you mean “email”?" in refused("export_contacts", path, columns="emial")
    assert "cannot be written" in refused("export_contacts", tmp_path / "nowhere" / "out.csv")
    UserFactory(username="helper", groups=["Support"])
    assert "helper may not export contacts" in refused("export_contacts", path, owner="helper")
    assert not path.exists()
