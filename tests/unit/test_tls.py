"""Far ends over TLS: which certificates are trusted, and what is said of one that is not."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from pytest_django.fixtures import Settings

from bridge import env
from sync.declare import Backoff
from sync.errors import ConfigError, TransientError
from sync.http import Session
from sync.jobs.retry import PARKED, judge
from sync.outbound.certificates import trusting
from tests.wire import Wire, said

HERE = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ours() -> trustme.CA:
    return trustme.CA(organization_name="Our company")


def served(certificate: trustme.LeafCert) -> Wire:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return Wire(lambda asked: said({"over": "tls"}), tls=context)


def pem(*authorities: trustme.CA) -> str:
    return "".join(one.cert_pem.bytes().decode() for one in authorities)


def refusal(wire: Wire) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        Session("erp", wire.url, gate=None).request("GET", "/")
    assert caught.value.code == "certificate_refused"
    assert f"erp is not asked GET {wire.url}/: its certificate" in caught.value.message
    assert wire.asked == []
    return caught.value


def test_an_unknown_authority_is_refused_and_the_sentence_names_the_setting(ours: trustme.CA) -> None:
    with served(ours.issue_cert(HERE)) as wire:
        error = refusal(wire)

    assert "an authority that is not known here" in error.message
    assert "root certificate in BRIDGE_CA_BUNDLE" in error.message


def test_such_a_refusal_parks_the_job(ours: trustme.CA) -> None:
    with served(ours.issue_cert(HERE)) as wire:
        error = refusal(wire)

    assert judge(error, burned=0, policy=Backoff(1)).outcome == PARKED


def test_the_company_s_own_authority_is_trusted_once_it_is_named(
    ours: trustme.CA, settings: Settings
) -> None:
    settings.BRIDGE_CA_BUNDLE = pem(trustme.CA(), ours)
    with served(ours.issue_cert(HERE)) as wire:
        answer = Session("erp", wire.url, gate=None).request("GET", "/")

    assert answer.body == b'{"over": "tls"}'


def test_another_authority_than_the_named_one_is_still_refused(ours: trustme.CA, settings: Settings) -> None:
    settings.BRIDGE_CA_BUNDLE = pem(ours)
    with served(trustme.CA().issue_cert(HERE)) as wire:
        assert "not known here" in refusal(wire).message


def test_the_public_authorities_stay_trusted_beside_it(ours: trustme.CA) -> None:
    public, both = (len(trusting(more).get_ca_certs()) for more in ("", pem(ours)))

    assert public > 100
    assert both == public + 1


@pytest.mark.parametrize("names", [["erp.example"], ["127.0.0.2"]])
def test_a_certificate_for_another_name_is_refused(
    ours: trustme.CA, settings: Settings, names: list[str]
) -> None:
    settings.BRIDGE_CA_BUNDLE = pem(ours)
    with served(ours.issue_cert(*names)) as wire:
        error = refusal(wire)

    assert "is for other names. Set its address to a name that the certificate has" in error.message


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [(-9, -1, "has expired. Let who runs it renew it"), (1, 9, "is not valid yet. Set this machine's clock")],
)
def test_a_certificate_out_of_its_time_is_refused(
    ours: trustme.CA, settings: Settings, begins: int, ends: int, words: str
) -> None:
    settings.BRIDGE_CA_BUNDLE = pem(ours)
    begin, end = (datetime.now(UTC) + timedelta(days=days) for days in (begins, ends))
    with served(ours.issue_cert(HERE, not_before=begin, not_after=end)) as wire:
        assert words in refusal(wire).message


def test_a_system_in_our_own_network_is_verified_too(ours: trustme.CA) -> None:
    with served(ours.issue_cert(HERE)) as wire, pytest.raises(ConfigError, match="not known here"):
        Session("inside", wire.url, gate=None, private=True).request("GET", "/")


def test_where_no_tls_is_spoken_it_is_a_passing_fault() -> None:
    with (
        Wire(lambda asked: said({})) as wire,
        pytest.raises(TransientError, match="no secure conn") as caught,
    ):
        Session("erp", wire.url.replace("http:", "https:"), gate=None).request("GET", "/")

    assert caught.value.code == "far_end_unreachable"


@pytest.mark.parametrize("variable", ["BRIDGE_CA_BUNDLE", "BRIDGE_CA_BUNDLE_FILE"])
def test_the_certificates_of_a_file_are_taken_and_nothing_else_in_it(
    ours: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    file, key = tmp_path / "ours.pem", ours.private_key_pem.bytes().decode()
    file.write_text(f"# Überall gültig\n{pem(ours)}\n{key}\n{pem(trustme.CA())}")
    monkeypatch.setenv(variable, str(file))

    read = env.certificates("BRIDGE_CA_BUNDLE")

    assert (read.count("BEGIN CERTIFICATE"), "KEY" in read, read.isascii()) == (2, False, True)
    assert len(trusting(read).get_ca_certs()) == len(trusting("").get_ca_certs()) + 2


def test_without_the_variable_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_CA_BUNDLE", "")

    assert env.certificates("BRIDGE_CA_BUNDLE") == ""


@pytest.mark.parametrize("name", ["missing.pem", "."])
def test_a_file_that_cannot_be_read_refuses_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("BRIDGE_CA_BUNDLE", str(tmp_path / name))

    with pytest.raises(env.EnvError, match=r"BRIDGE_CA_BUNDLE names .* can't be read") as caught:
        env.certificates("BRIDGE_CA_BUNDLE")

    assert caught.value.code == "env_file_unreadable"


@pytest.mark.parametrize("wrong", ["words", "binary", "broken", "key", "empty"])
def test_a_file_without_certificates_refuses_to_start(
    ours: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    whole = pem(ours)
    texts = {
        "words": b"not a certificate",
        "binary": ssl.PEM_cert_to_DER_cert(whole),
        "broken": (whole + whole.replace("MII", "!!!", 1)).encode(),
        "key": ours.private_key_pem.bytes(),
        "empty": b"",
    }
    (tmp_path / "ours.pem").write_bytes(texts[wrong])
    monkeypatch.setenv("BRIDGE_CA_BUNDLE", str(tmp_path / "ours.pem"))

    with pytest.raises(env.EnvError, match="holds no certificate in PEM that can be read") as caught:
        env.certificates("BRIDGE_CA_BUNDLE")

    assert caught.value.code == "env_not_pem"


def test_the_shell_says_so_and_does_not_start(tmp_path: Path) -> None:
    environment = {**os.environ, "BRIDGE_CA_BUNDLE": str(tmp_path / "missing.pem"), "PYTHONPATH": str(ROOT)}
    asked = [sys.executable, "-m", "bridge", "check", "--no-database"]

    done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, "BRIDGE_CA_BUNDLE names" in done.stderr) == (2, True)
    assert "Traceback" not in done.stderr
