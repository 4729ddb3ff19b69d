"""The cast: a viewer's, an operator's and an administrator's browser."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories


@pytest.fixture
def viewing(db: None) -> Client:
    return _client(factories.viewer())


@pytest.fixture
def operating(db: None) -> Client:
    return _client(factories.operator())


@pytest.fixture
def administering(db: None) -> Client:
    return _client(factories.administrator())


def _client(user: object) -> Client:
    client = Client(headers={"accept": "text/html"})
    client.force_login(user)  # type: ignore[arg-type]  # the User of the factories
    return client
