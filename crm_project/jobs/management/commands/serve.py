import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.urls import get_resolver
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from crm_project.jobs.management.arguments import positive
from crm_project.parent import end_with_parent

IN_MEMORY = Path("/dev/shm")  # noqa: S108  (only heartbeats of the web workers)


class Command(BaseCommand):
    help = "Serve the CRM over HTTP with gunicorn: some processes, each with some threads."
    requires_system_checks: list[str] = []  # `migrate` has run them, and a web server that died must be back at once.

    def add_arguments(self, parser: CommandParser) -> None:
        port = os.environ.get("CRM_PORT") or "8000"
        parser.add_argument("--bind", default=f"127.0.0.1:{port}", metavar="ADDRESS:PORT")
        parser.add_argument("--workers", type=positive, default=os.environ.get("CRM_WEB_WORKERS", "2"))
        parser.add_argument("--threads", type=positive, default=os.environ.get("CRM_WEB_THREADS", "4"))

    def handle(self, *, bind: str, workers: int, threads: int, **options: Any) -> None:
        end_with_parent()
        connections.close_all()  # A connection must not be shared by the processes that gunicorn forks.
        Server(bind=bind, workers=workers, threads=threads).run()


class DjangoLogger(Logger):
    """Hands gunicorn's messages to the logging that the settings describe; requests are logged by our middleware."""

    def setup(self, cfg: Config) -> None:
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True


class Server(BaseApplication):
    def __init__(self, **options: Any) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 5,
            "limit_request_line": 8190,
            "forwarded_allow_ips": "127.0.0.1,::1",
            "logger_class": DjangoLogger,
            "control_socket_disable": True,
            "worker_tmp_dir": str(IN_MEMORY) if os.access(IN_MEMORY, os.W_OK) else None,
            **self.options,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        from crm_project.wsgi import application

        get_resolver().url_patterns  # noqa: B018  (imports all views, so that the first request finds them there)
        return application
