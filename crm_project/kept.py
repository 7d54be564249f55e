"""Secrets that `make run` makes once and keeps in the data folder, where only their owner can read them."""

import os
from collections.abc import Callable
from pathlib import Path

# The files' names.
SECRET_KEY, ADMIN_PASSWORD, API_KEY = "secret_key", "admin_password", "api_key"


def read(data_dir: Path, name: str) -> str:
    """The secret, or nothing when there is none."""
    try:
        return (data_dir / name).read_text().strip()
    except FileNotFoundError:
        return ""


def read_or_make(data_dir: Path, name: str, make: Callable[[], str]) -> str:
    """The secret; the first call makes it."""
    return read(data_dir, name) or write(data_dir, name, make())


def write(data_dir: Path, name: str, secret: str) -> str:
    """Put the secret in place as a whole, so that a crash leaves the old one or the new one."""
    new = data_dir / f"{name}.new"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    new.replace(data_dir / name)
    return secret
