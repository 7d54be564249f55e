"""A person who is erased is nowhere any more; and before, they are told of every place where they are.

Somebody with a word of their own in every text of every table, brought in by every door, is looked for in the whole
database and in all files. Which tables and columns there are is taken from the models, so that a new one is looked at
without anybody's help.
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from contacts import services
from contacts.erasing import Named
from contacts.models import Contact
from crm_project.jobs.models import JobError
from crm_project.mail import sending
from crm_project.mail.models import Mail, Purpose, Suppression
from crm_project.mail.services import queue_mail, suppress
from crm_project.privacy import services as privacy
from crm_project.privacy.steps import Part, steps, texts_of
from crm_project.transfer.exports import defer_export
from crm_project.transfer.models import ExportJob, ImportJob
from crm_project.transfer.tasks import PREVIEWS, run_export
from customers.models import Customer, Standing
from feedback.models import Feedback, FeedbackRound
from leads.models import NurtureAction, NurtureEnrollment, NurtureSequence

from .factories import (
    FeedbackFactory,
    OrderFactory,
    ThemeFactory,
)
from .importing import receipt

WORD = "Xylographos"
MAIL = f"{WORD}@example.com"
PHONE = "+1 504 621 8927"
LATER = timedelta(minutes=5)
# Tables whose text is the company's own: its users and settings, goods and texts, and what machines write for
# themselves. Nothing in them is about a person.
OF_NOBODY = {
    *("access.ApiKey", "access.Role", "access.User", "auth.Group", "auth.Permission", "access.TrackedGroup"),
    *("api.RateCounter", "admin.LogEntry", "contenttypes.ContentType", "sessions.Session"),
    *("axes.AccessAttempt", "axes.AccessFailureLog", "axes.AccessLog"),  # Of users, who sign in.
    *("guardian.GroupObjectPermission", "guardian.UserObjectPermission"),  # Never written: each kind has its own.
    *("pghistory.Context", "pghistory.Events", "pghistory.MiddlewareEvents"),  # Ids; and views on the histories.
    "contacts.CustomField",
    "contacts.Segment",
    *("leads.Campaign", "leads.ScoreRule", "leads.NurtureSequence", "leads.NurtureStep"),
    *("customers.FactorWeight", "customers.BuyerSegment", "customers.SavedSegment"),
    "orders.Product",
    "feedback.Theme",  # Words of at least three comments.
    "mail.Template",
    *("transfer.ImportSource", "transfer.UndoStep"),
    "privacy.Erasure",
    *("procrastinate.ProcrastinateEvent", "procrastinate.ProcrastinateJob", "procrastinate.ProcrastinatePeriodicDefer"),
    *("procrastinate.ProcrastinateWorker", "jobs.Job"),  # Ids and names of tasks.
}


def tables_with(word):
    """Every table of the database that has the word anywhere, as a dump would show it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text ILIKE %s', [f"%{word}%"])
            found += [table] if cursor.fetchone()[0] else []
    return found


def files_with(word):
    words = [word.lower().encode(each) for each in ("utf-8", "utf-16-le")]
    folders = [Path(settings.MEDIA_ROOT), Path(settings.EMAIL_FILE_PATH)]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in paths if any(each in path.read_bytes().lower() for each in words)]


def person_parts():
    """The tables whose rows hang on a person, and stay or go with them."""
    return [step for step in steps() if isinstance(step, Part)]


def fill(contact):
    """Write the word into every text of every row that hangs on the person, and once more, for the history."""
    person = privacy.person_of(services.contacts_of(contact))
    for part in person_parts():
        if isinstance(part, Named):
            continue  # A word more, and they were not made in passing.
        table, key = part.model._meta.db_table, part.model._meta.pk.column
        for number in (1, 2):
            for column in texts_of(part.model):
                value = json.dumps([f"{WORD}{number}"] if column.name == "merged_ids" else {"note": f"{WORD}{number}"})
                length = getattr(column, "max_length", None) or 100
                if column.get_internal_type() == "JSONField":
                    text, given = f"%s::jsonb || jsonb_build_object('id', {key}::text)", value
                elif column.get_internal_type() == "ArrayField" or length < len(WORD):
                    continue
                else:
                    text, given = f"left(%s || {key}::text, {length})", f"{WORD}{number}@x.org "[: length - 1]
                with connection.cursor() as cursor:
                    cursor.execute(
                        f'UPDATE "{table}" SET "{column.column}" = {text} WHERE "{key}" = ANY(%s)',
                        [given, person.keys[part.model]],
                    )
    return person


@pytest.fixture
def files(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    settings.CRM_QUIET_HOURS = None


@pytest.fixture
def contact(manager, files):
    """Somebody who came in by every door, and went through everything."""
    return bring_in(manager)


def post(client, path, body, status=201, **headers):
    response = client.post(path, body, headers=headers)
    assert response.status_code == status, (path, response.content)
    return response.json()


def bring_in(client):
    name = f"{WORD} Berg"
    client.post("/dev/crm/custom_fields", {"key": "hobby", "label": "Hobby", "type": "text"})
    body = {
        "name": name,
        "email": MAIL,
        "phone": PHONE,
        "company": f"{WORD} Ltd",
        "job_title": WORD,
        "description": WORD,
        "categories": [f"{WORD} fans"],
        "external_id": WORD,
    }
    key = post(client, "/contacts", body, **{"Idempotency-Key": f"make {WORD}"})["id"]
    post(client, f"/contacts/{key}/interactions", {"type": "call", "subject": WORD, "note": WORD, "body": WORD})
    twin = post(client, "/contacts", {"name": name, "description": WORD, "email": f"other@{WORD}.org"})["id"]
    post(client, f"/contacts/{key}/merge", {"ids": [twin]}, 200)
    stranger = post(client, "/contacts", {"name": "Stranger"})["id"]
    merge = post(client, f"/contacts/{stranger}/merge", {"ids": [key]}, 200)["merge"]
    post(client, f"/contacts/merges/{merge}/undo", None, 200)
    task = post(client, "/dev/crm/tasks", {"title": WORD, "contact_id": key, "due_at": timezone.now().isoformat()})
    lead = post(client, "/dev/crm/leads", {"name": name, "email": MAIL, "phone": PHONE, "notes": WORD, "company": WORD})
    post(client, f"/dev/crm/leads/{lead['id']}/interactions", {"type": "note", "notes": WORD, "next_action": WORD})
    customer = post(client, f"/dev/crm/leads/{lead['id']}/convert", None)["id"]
    with_words = dict.fromkeys(("notes", "billing_address", "shipping_address", "tax_id", "payment_terms"), WORD)
    assert client.patch(f"/dev/crm/customers/{customer}", with_words).status_code == 200
    interaction = {"type": "call", "subject": WORD, "description": WORD, "date": timezone.now().isoformat()}
    post(client, f"/dev/crm/customers/{customer}/interactions", interaction)
    order = OrderFactory(customer=Customer.objects.get(pk=customer), shipping_address=WORD, notes=WORD)
    FeedbackFactory(customer=order.customer, order=order, rating=5, comment=WORD, category=WORD)
    Feedback.objects.update(requested_at=timezone.now() - timedelta(days=60))
    FeedbackFactory(customer=order.customer)
    assert post(client, "/dev/crm/feedback/rounds", {"filter": {"search": WORD}})["state"] == "done"
    FeedbackRound.objects.create(filter={"search": WORD})
    ThemeFactory().feedback_links.create(feedback=Feedback.objects.first(), weight=1)
    Standing.objects.create(customer=order.customer, factors={"note": WORD})
    sequence = NurtureSequence.objects.create(name="News")
    on_sequence = NurtureEnrollment.objects.create(sequence=sequence, lead_id=lead["id"])
    NurtureAction.objects.create(enrollment=on_sequence, kind="mail", note=WORD)
    mail_about(client.user, key, task["id"])
    suppress(address=MAIL.lower(), purpose=Purpose.NURTURING, reason=Suppression.Reason.BY_STAFF)
    bring_in_files(client, name)
    JobError.objects.create(job_id=1, error=f"Key (lower(email))=({MAIL.lower()}) already exists.")
    return Contact.objects.get(pk=key)


def mail_about(user, contact, task):
    for number in (1, 2):
        mail = queue_mail(
            template="welcome",
            to=MAIL,
            purpose=Purpose.FEEDBACK,
            context={"name": WORD, "first_name": WORD, "lead": {"name": WORD}},
            once=f"{number}",
            contact_id=contact if number == 1 else None,
            reason=WORD,
        )
        mail.text += WORD
        mail.save()
    sending.send(mail.pk)
    assert Mail.objects.get(pk=mail.pk).state == "sent"
    digest = Mail.objects.get(pk=mail.pk)
    digest.pk, digest.once, digest.to, digest.purpose = None, "digest", "staff@example.com", Purpose.DIGEST
    digest.reason = "Tasks that are due"
    digest.subject, digest.text, digest.html = "Today", f"{WORD} Berg\n/admin/contacts/task/{task}/change/", WORD
    Mail.objects.bulk_create([Mail(**{f.attname: getattr(digest, f.attname) for f in Mail._meta.concrete_fields[1:]})])


def bring_in_files(client, name):
    rows = f"name,email,notes\n{name},{MAIL},{WORD}\nNobody,nobody@example.com,x\n"
    failed = f"name,email\n{name},broken {WORD}@\n"
    assert receipt(client, "/dev/crm/leads/import", rows)["failed"] == 1  # The address is taken.
    assert receipt(client, "/contacts/import", failed)["failed"] == 1
    described = rows.replace("notes", "description").replace(f",{WORD}\n", f",{WORD} new\n")
    taken = receipt(client, "/contacts/import", described.encode("utf-16"), match="email")
    assert taken["updated"] == 2
    client.patch(f"/contacts/{taken['ids'][0]}", {"description": f"{WORD} later"})
    undo = post(client, f"/dev/crm/imports/{taken['id']}/undo", None, 200)
    assert undo["conflicts"], undo
    job = ExportJob.objects.create(owner=client.user, kind="contact", format="csv", filters={"search": WORD})
    job.columns = ["name", "email", "phone"]
    job.save()
    defer_export(job)
    run_export.func(job_id=str(job.pk))
    assert job.__class__.objects.get(pk=job.pk).file
    other = ExportJob.objects.create(owner=client.user, kind="contact", format="csv", state="done")
    other.file.save("x", ContentFile(b"name\r\nNobody\r\n"))
    default = ImportJob._meta.get_field("file").storage
    default.save(f"{PREVIEWS}/one", ContentFile(rows.encode()))


def erase(client, contact):
    answer = post(client, f"/contacts/{contact.pk}/erase", None, 200)
    assert not privacy.finish(answer["id"])  # A request may still be at it.
    assert privacy.finish(answer["id"], now=timezone.now() + LATER)
    return answer


# Everything


def test_every_text_of_every_table_is_looked_at_or_is_nobodys():
    known = {step.model._meta.label for step in steps()}
    histories = {model.pgh_event_model._meta.label for model in apps.get_models() if hasattr(model, "pgh_event_model")}
    with_texts = {model._meta.label for model in apps.get_models(include_auto_created=True) if texts_of(model)}
    assert with_texts - known - OF_NOBODY - histories == set()
    assert known & OF_NOBODY == set()
    assert {model._meta.label for model in apps.get_models()} >= OF_NOBODY


def test_whatever_hangs_on_a_person_is_looked_at():
    parts = {part.model for part in person_parts()}
    hanging = {
        (model._meta.label, key.name)
        for model in apps.get_models(include_auto_created=True)
        for key in model._meta.concrete_fields
        if key.is_relation and key.related_model in parts and not hasattr(model, "pgh_tracked_model")
    }
    told = {(part.model._meta.label, name) for part in person_parts() for name in part.of}
    besides = {
        ("contacts.Contact", "organization"),
        ("contacts.ContactCategory", "category"),
        ("contacts.Contact", "merged_into"),  # One of the person's contacts itself.
        ("contacts.ContactMerge", "survivor"),
        ("customers.Customer", "lead"),
        ("customers.Conversion", "old_contact"),
        ("feedback.Feedback", "order"),
        *((f"orders.Order{kind}Share", "content_object") for kind in ("User", "Group")),  # Without any text.
        *((f"feedback.Feedback{kind}Share", "content_object") for kind in ("User", "Group")),
    }
    assert hanging - told == besides


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_somebody_who_was_everywhere(manager, contact):
    person = fill(contact.pk)
    for part in person_parts():
        if texts_of(part.model):
            assert person.keys[part.model], f"Nobody has a row of {part.model._meta.label}: give the person one."
    places = set(tables_with(WORD))
    assert len(places) > 30
    assert len(files_with(WORD)) == 6
    tables = manager.get(f"/contacts/{contact.pk}/personal_data").json()["tables"]
    assert places - {table["table"] for table in tables if WORD.lower() in json.dumps(table).lower()} == set()

    answer = erase(manager, contact)

    assert tables_with(WORD) == []
    assert tables_with("504621892") == tables_with("621 8927") == []
    assert files_with(WORD) == []
    assert answer["counts"]["contacts.contact"] == 2
    assert ExportJob.objects.exclude(file="").count() == 1  # That of others.
    assert set(FeedbackRound.objects.values_list("state", flat=True)) == {"done", "failed"}  # And none asks everybody.


@pytest.mark.django_db(transaction=True)
def test_what_the_doors_brought_is_gone_without_a_trace(manager, contact):
    """The same without filling every column, so that nothing is found only by what the test has put there."""
    assert len(tables_with(WORD)) > 25
    erase(manager, contact)
    assert tables_with(WORD) == []
    assert files_with(WORD) == []
