"""What `bridge up` does once: the admin's login, the first syncs, a token."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.models import User

from bridge.services.admin_login import admin_login
from bridge.services.first_sync import ask_for_first_syncs, parents_first
from bridge.services.greeting import Greeting, address, example_path
from sync.models import AuditEntry, Job, Tracker
from tests import factories
from tests.integration.shell.conftest import Shell


def test_it_makes_the_login_and_keeps_its_password(db: None, tmp_path: Path) -> None:
    login = admin_login(tmp_path)

    assert login is not None
    kept = tmp_path / "secrets" / "admin_password"
    assert login == ("admin", kept.read_text().strip())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    user = User.objects.get(username="admin")
    assert user.is_superuser
    assert user.check_password(kept.read_text().strip())


def test_it_tells_the_password_again_while_it_is_the_one(db: None, tmp_path: Path) -> None:
    first = admin_login(tmp_path)

    assert admin_login(tmp_path) == first


def test_it_does_not_tell_a_password_that_was_changed(db: None, tmp_path: Path) -> None:
    admin_login(tmp_path)
    user = User.objects.get(username="admin")
    user.set_password("another")
    user.save()

    assert admin_login(tmp_path) == ("admin", None)


def test_it_makes_none_where_there_are_administrators(db: None, tmp_path: Path) -> None:
    factories.administrator()

    assert admin_login(tmp_path) is None
    assert not (tmp_path / "secrets").exists()


def test_parents_come_before_their_children(db: None) -> None:
    paths = [entity.path for entity in parents_first()]

    assert paths.index("shop.makers") < paths.index("shop.gadgets") < paths.index("shop.parts")
    assert paths.index("apismith.orders") < paths.index("apismith.order_lines")


def test_it_asks_for_what_was_never_complete(db: None) -> None:
    Tracker.objects.exclude(entity__path="shop.notes").update(last_sync_at=factories.now())

    (job,) = ask_for_first_syncs()

    assert Job.objects.get(pk=job).entity.path == "shop.notes"  # type: ignore[union-attr]  # a sync has one


def test_it_tries_again_what_waited_for_a_setting(db: None) -> None:
    Tracker.objects.exclude(entity__path="shop.notes").update(last_sync_at=factories.now())
    parked = factories.job("shop.notes", dedup="sync:shop.notes", hold="configuration")

    assert ask_for_first_syncs() == [parked.id]

    parked.refresh_from_db()
    assert parked.hold is None


def test_the_token_alone_is_printed(shell: Shell) -> None:
    assert shell("token", "--client", "crm", "--scope", "read, sync", "--days", "1") == 0

    assert len(shell.out.split()) == 1
    claims = jwt.decode(
        shell.out.strip(), settings.BRIDGE_JWT_SECRET, ["HS256"], audience="bridge", issuer="bridge"
    )
    assert (claims["sub"], claims["scopes"], claims["exp"] - claims["iat"]) == (
        "crm",
        ["read", "sync"],
        86_400,
    )
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.object_id, entry.door) == ("token.make", "crm", "shell")
    assert entry.after
    assert entry.after["scopes"] == ["read", "sync"]
    assert shell.out.strip() not in str(entry.after)


@pytest.mark.parametrize("arguments", [("--scope", "reed"), ("--scope", ",")])
def test_a_token_that_cannot_be_is_one_sentence(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell("token", "--client", "crm", *arguments) == 2
    assert shell.out == ""
    assert shell.err.startswith("bridge: ")
    assert not AuditEntry.objects.exists()


def test_check_finds_nothing_wrong(shell: Shell) -> None:
    assert shell("check") == 0
    assert "The database answers" in shell.out


def greeting(**changes: object) -> str:
    plain = {
        "url": "http://127.0.0.1:8000",
        "admin": ("admin", "secret"),
        "token": "abc",
        "example": "/api/v1/customers",
        "sandbox_port": 8900,
        "data_dir": Path("/data"),
        "default_data_dir": False,
    }
    return Greeting(**{**plain, **changes}).text()  # type: ignore[arg-type]  # values by name, for a test


def test_it_tells_where_things_are() -> None:
    text = greeting()

    assert "http://127.0.0.1:8000/admin/   user admin, password secret" in text
    assert "curl -H 'Authorization: Bearer abc' 'http://127.0.0.1:8000/api/v1/customers?limit=5'" in text
    assert "bridge status --data-dir /data" in text
    assert "http://127.0.0.1:8900/_control" in text


def test_it_tells_no_more_than_there_is() -> None:
    text = greeting(admin=None, sandbox_port=None, default_data_dir=True)

    assert "with a login of yours" in text
    assert "Sandbox" not in text
    assert "bridge status. Ctrl-C" in text
    assert "with the password you gave it" in greeting(admin=("admin", None))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("::1", "http://[::1]:1"),
    ],
)
def test_an_address_can_be_pasted(host: str, url: str) -> None:
    assert address(host, 1) == url


def test_the_example_is_customers_where_there_are_any() -> None:
    assert example_path() == "/api/v1/customers"
