from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from bridge.database import NOTICE_LOSS, DatabaseUnusable, check_server, django_database


def test_it_reads_a_plain_url() -> None:
    entry = django_database("postgresql://alice:sec%40ret@db.example:6432/shop")

    assert entry == {
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": "alice",
        "PASSWORD": "sec@ret",
        "HOST": "db.example",
        "PORT": "6432",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "OPTIONS": {**NOTICE_LOSS, "options": "-c search_path=bridge", "server_side_binding": False},
    }


def test_behind_a_pooler_a_connection_asks_for_nothing_of_its_own() -> None:
    entry = django_database("postgresql://u@h/d", pooled=True)

    assert "options" not in entry["OPTIONS"]
    assert entry["DISABLE_SERVER_SIDE_CURSORS"]


def test_it_takes_several_hosts_and_what_else_libpq_knows() -> None:
    entry = django_database(
        "postgres://u@one:5432,two:5433/d?target_session_attrs=read-write&sslmode=verify-full&connect_timeout=3"
    )

    assert (entry["HOST"], entry["PORT"]) == ("one,two", "5432,5433")
    assert entry["OPTIONS"]["target_session_attrs"] == "read-write"
    assert entry["OPTIONS"]["sslmode"] == "verify-full"
    assert entry["OPTIONS"]["connect_timeout"] == "3"


def test_it_takes_a_socket() -> None:
    entry = django_database("postgresql://postgres@/postgres?host=%2Fvar%2Frun%2Fmine&port=5432")

    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("/var/run/mine", "5432", "postgres")


def test_our_schema_comes_after_the_user_s_own_options() -> None:
    entry = django_database(
        "postgresql://u@h/d?options=-c%20statement_timeout%3D5s%20-c%20search_path%3Dpublic"
    )

    assert entry["OPTIONS"]["options"] == (
        "-c statement_timeout=5s -c search_path=public -c search_path=bridge"
    )


def test_it_takes_keyword_text_and_the_role_s_own_database() -> None:
    assert django_database("host=h user=alice")["NAME"] == "alice"
    assert django_database("service=shop")["OPTIONS"]["service"] == "shop"


def test_kept_connections_are_checked_before_use() -> None:
    entry = django_database("postgresql://u@h/d", conn_max_age=None, server_side_binding=True)

    assert entry["CONN_MAX_AGE"] is None
    assert entry["CONN_HEALTH_CHECKS"] is True
    assert entry["OPTIONS"]["server_side_binding"] is True


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:geheim@h/d",
        "nonsense",
        "postgresql://u:100%geheim@h/d",
        "postgresql://u:x@geheim@h/d",
        "postgresql://u:geheim/x@h/d",
        "postgresql://u:12/geheim@h/d",
        "postgresql://h",
        "postgresql://",
        "",
    ],
)
def test_what_is_no_url_of_a_database_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        django_database(url)

    assert refused.value.code == "database_url"
    assert "DATABASE_URL" in str(refused.value)
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:geheim@127.0.0.1:1/d", "127.0.0.1:1 (database d, role u)"),
        (
            "postgresql://u:geheim@127.0.0.1:1,127.0.0.1:2/d",
            "127.0.0.1:1 or 127.0.0.1:2 (database d, role u)",
        ),
        ("postgresql://u:geheim@/d?host=/nowhere", "/nowhere (database d, role u)"),
        ("postgresql://u:geheim@127.0.0.1:1/d?sslmode=odd", "invalid sslmode value"),
    ],
)
def test_a_server_that_does_not_answer_gets_one_sentence(url: str, place: str) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        check_server(url)

    assert refused.value.code == "database_unreachable"
    assert place in str(refused.value)
    assert str(refused.value).endswith("check DATABASE_URL and that the server runs.")
    assert "\n" not in str(refused.value)
    assert "geheim" not in str(refused.value)


@pytest.fixture
def old_server() -> Iterator[int]:
    """The first bytes of a PostgreSQL 14.11: it lets everyone in and says its version."""
    listener = socket.create_server(("127.0.0.1", 0))

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            while (length := struct.unpack("!I", client.recv(4))[0]) == 8 and client.recv(4):
                client.sendall(b"N")  # neither TLS nor GSS
            client.recv(length - 4)
            version = message(b"S", b"server_version\x0014.11\x00") + message(
                b"S", b"client_encoding\x00UTF8\x00"
            )
            client.sendall(message(b"R", bytes(4)) + version + message(b"K", bytes(8)) + message(b"Z", b"I"))
            client.recv(1)

    server = threading.Thread(target=serve)
    server.start()
    yield int(listener.getsockname()[1])
    server.join()
    listener.close()


def test_an_old_server_gets_one_sentence(old_server: int) -> None:
    with pytest.raises(DatabaseUnusable) as refused:
        check_server(f"postgresql://u:geheim@127.0.0.1:{old_server}/d?sslmode=disable&gssencmode=disable")

    assert refused.value.code == "database_too_old"
    assert "is version 14.11: Bridge needs 15 or newer" in str(refused.value)
    assert "geheim" not in str(refused.value)
