"""Databases in the PostgreSQL that the tests are given."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

POSTGRESQL = os.environ.get("NETGIRO_TEST_POSTGRESQL")


def url_of(name: str) -> str:
    return urlsplit(POSTGRESQL)._replace(path=f"/{name}").geturl()


def create(name: str) -> str:
    """Make a database, empty; gives its URL."""
    drop(name)
    _execute(f'CREATE DATABASE "{name}"')
    return url_of(name)


def drop(name: str) -> None:
    _execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _execute(statement: str) -> None:
    import psycopg  # noqa: PLC0415 - where there is a PostgreSQL

    with psycopg.connect(POSTGRESQL, autocommit=True) as connection:
        connection.execute(statement)
