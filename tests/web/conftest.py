"""Fixtures of the doors' tests: the application with its lifespan, over the rolled-back session."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from core.models import Site
from core.settings import get_settings
from tests.web.client import Guest, open_session
from web.app import make_app


@pytest.fixture
def client(session: Session, site: Site) -> Iterator[TestClient]:
    """The application over this test's session."""
    session.commit()  # ends a savepoint only; the doors' own sessions see the site from now on
    with TestClient(make_app(get_settings())) as opened:
        yield opened


@pytest.fixture
def guest(client: TestClient) -> Guest:
    """A visitor who has just come."""
    return open_session(client)
