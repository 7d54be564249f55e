"""App Connect's own server, with its data in memory, our connector, and our CRM behind it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest

from tests.factories import ApiKeyFactory, UserFactory

ROOT = Path(__file__).resolve().parent.parent.parent
NODE = shutil.which("node") or "node"
PATIENCE = 90


@dataclass
class Server:
    """``send`` is what the browser's client sends: a route, parameters or a body, and the session's token."""

    url: str
    token: str = ""

    def send(self, method, route, body=None, **parameters):
        """The status and the answer, as JSON where it is."""
        url = f"{self.url}{route}?{urlencode(parameters)}"
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                status, text = response.status, response.read().decode()
        except HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def log_in(self, secret):
        body = {"platform": "customerconnect", "apiKey": secret, "hostname": "crm.example.com", "additionalInfo": {}}
        return self.send("POST", "/apiKeyLogin", body)


@pytest.fixture
def crm(live_server):
    return f"{live_server.url}/api/app-connect"


@pytest.fixture
def environment(crm):
    return {
        "PATH": os.environ["PATH"],
        "NODE_PATH": os.environ["NODE_PATH"],
        "CRM_URL": crm,
        "DATABASE_URL": "sqlite::memory:",
        "APP_SERVER": "http://127.0.0.1",
        "APP_SERVER_SECRET_KEY": "only-for-tests",
        "HASH_KEY": "only-for-tests",
        "PORT": "0",
        "NO_PROXY": "127.0.0.1,localhost",
    }


@pytest.fixture
def server(environment):
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [NODE, ROOT / "integrations/app-connect/server.js"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            for line in process.stdout:
                if found := re.search(r"listens on port (\d+)", line):
                    yield Server(f"http://127.0.0.1:{found[1]}")
                    return
            log.seek(0)
            pytest.fail(f"App Connect's server did not start:\n{log.read()[-3000:]}")
        finally:
            process.kill()
            process.stdout.close()
            process.wait(PATIENCE)


@pytest.fixture
def secret(transactional_db):
    user = UserFactory(groups=["Sales"], first_name="Grace", last_name="Hopper", time_zone="America/New_York")
    return ApiKeyFactory(user=user).secret


@pytest.fixture
def proxy(environment):
    """``proxy(interface, **parameters)``: what RingCentral's hosted server makes of our answer."""

    def call(interface, /, **parameters):
        command = [NODE, ROOT / "tests/integrations/proxy.js", interface, json.dumps(parameters)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE)
        return json.loads(done.stdout.rpartition("\n")[2])

    return call
