"""Who is let in by which key."""

import pytest

pytestmark = pytest.mark.django_db


def test_key_signs_its_user_in(manager):
    assert manager.get("/contacts").status_code == 200
