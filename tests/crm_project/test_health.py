"""What a balancer asks."""

import pytest


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_balancers_may_ask_without_tls(path, client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 200
    assert client.get("/contacts").status_code == 301
