import asyncio
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate.app import WorkerOptions
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException

from crm_project.jobs import HEARTBEAT_SECONDS, STALLED_SECONDS
from crm_project.jobs.context import tell_history
from crm_project.jobs.errors import keep_error
from crm_project.jobs.management.arguments import positive
from crm_project.parent import end_with_parent

GRACE_SECONDS = 25  # Then a job that asks is told to stop, and goes back to the queue when it says how to retry.


class Command(BaseCommand):
    help = "Work through the job queue until told to stop. Any number of workers may run, on any number of machines."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        default = os.environ.get("CRM_WORKER_CONCURRENCY", "4")
        parser.add_argument("--concurrency", type=positive, default=default, help="jobs at the same time (%(default)s)")
        parser.add_argument("--queues", help="comma list of queues (default: all)")
        parser.add_argument("--until-empty", action="store_true", help="end when no job is left")

    def handle(self, *, concurrency: int, queues: str | None, until_empty: bool, **options: Any) -> None:
        end_with_parent()
        names = [name.strip() for name in queues.split(",")] if queues else None
        try:
            asyncio.run(work(concurrency, names, wait=not until_empty))
        except ConnectorException as error:
            raise CommandError(f"The job queue cannot be reached: {error.__cause__ or error}") from error


async def work(concurrency: int, queues: list[str] | None, *, wait: bool) -> None:
    """Run a worker on connections of its own.

    Jobs keep the app that everybody else uses, and with it Django's connection: a job that defers another one does so
    in its own transaction. Procrastinate's command would swap the connector for them too.
    """
    assert isinstance(app.connector, DjangoConnector)
    worker_app = app.with_connector(app.connector.get_worker_connector())
    settings: WorkerOptions = {
        "concurrency": concurrency,
        "wait": wait,
        "update_heartbeat_interval": HEARTBEAT_SECONDS,
        "stalled_worker_timeout": STALLED_SECONDS,
        "shutdown_graceful_timeout": GRACE_SECONDS,
        "worker_middleware": [keep_error],
        "task_middleware": [tell_history],
    }
    if queues:
        settings["queues"] = queues
    async with worker_app.open_async():
        await worker_app.run_worker_async(**settings)
