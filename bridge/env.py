"""Typed reading of the environment: the variable, else its `X_FILE`, else `.env` in the working directory.

An empty variable counts as absent (Compose passes unset ones on as empty). A value that can't be read
refuses to start: every function here raises EnvError.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import overload

from environs import FileAwareEnv

from bridge.errors import StartError

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


class EnvError(StartError):
    """A variable is missing or can't be read."""


@overload
def text(name: str, default: str = "") -> str: ...
@overload
def text(name: str, default: None) -> str | None: ...
def text(name: str, default: str | None = "") -> str | None:
    """Return the variable's text without trailing line ends, or `default` where it is absent or empty."""
    return _read(name) or default


def secret(name: str, default: str = "") -> str:
    """Like `text`, for values that must never be printed: no error here repeats them."""
    return _read(name) or default


def integer(name: str, default: int, *, minimum: int | None = None, maximum: int | None = None) -> int:
    """Return a whole number; codes env_not_integer and env_out_of_range."""
    raw = _read(name)
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError:
        raise EnvError("env_not_integer", f"{name} is {raw!r}: write a whole number.") from None
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        bounds = f"at least {minimum}" if maximum is None else f"from {minimum or 0} to {maximum}"
        raise EnvError("env_out_of_range", f"{name} is {value}: it must be {bounds}.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Return a yes or no; an odd word is refused (env_not_flag), since guessing it could open a door."""
    raw = _read(name)
    word = raw.strip().lower()
    if not word:
        return default
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise EnvError("env_not_flag", f"{name} is {raw!r}: write true or false (or 1, 0, yes, no, on, off).")


def drain_seconds() -> int | None:
    """BRIDGE_DRAIN_SECONDS: for how long jobs may end by themselves before they are handed back; None where unset."""
    name = "BRIDGE_DRAIN_SECONDS"
    return integer(name, default=0, minimum=0, maximum=86_400) if text(name) else None


def private(system: str) -> bool:
    """Whether `<SYSTEM>_PRIVATE` lets a system be in our own network."""
    try:
        return flag(f"{system.upper()}_PRIVATE")
    except EnvError:
        return False  # an odd word opens no door; what is refused then names the variable and its words


def listing(name: str, default: list[str] | None = None) -> list[str]:
    """Return the comma-separated entries, trimmed, without empty ones."""
    raw = _read(name)
    if not raw:
        return list(default or [])
    return [entry.strip() for entry in raw.split(",") if entry.strip()]


def certificates(name: str) -> str:
    """Return the certificates in a PEM file that the variable names (or that it holds), without what else is there.

    "" where it is absent; codes env_file_unreadable and env_not_pem.
    """
    given = _read(name)
    if not given:
        return ""
    import ssl  # most processes need it, the shell's help does not

    held = "-----BEGIN" in given  # by way of X_FILE, or written out
    path = "it" if held else repr(given)
    try:
        text = given if held else Path(given).expanduser().read_text("latin-1")
    except (OSError, ValueError) as error:
        sentence = f"{name} names {path}, which can't be read ({getattr(error, 'strerror', None) or error}): "
        sentence += "correct the path or its permissions."
        raise EnvError("env_file_unreadable", sentence) from error
    found = "\n".join(_CERTIFICATE.findall(text))
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found)
    except (ssl.SSLError, ValueError) as error:
        sentence = f"{name}: {path} holds no certificate in PEM that can be read, which begins with"
        sentence += (
            " -----BEGIN CERTIFICATE-----; `openssl x509 -inform der -in FILE` makes it of a binary one."
        )
        raise EnvError("env_not_pem", sentence) from error
    return found


def data_dir() -> Path:
    """Return BRIDGE_DATA_DIR as an absolute path; `.bridge` in the working directory by default."""
    return Path(text("BRIDGE_DATA_DIR", ".bridge")).expanduser().absolute()


def kept_secret(name: str) -> str:
    """Return the secret made once for this data directory and kept there, readable by its owner only.

    For trying Bridge out: machines that share a database must set the variable, else each has its own.
    """
    path = data_dir() / name
    try:
        if not path.exists():
            _keep(path, secrets.token_hex(32))
        kept = path.read_text().strip()
    except OSError as error:
        sentence = f"Can't keep a secret in {path} ({error.strerror}): "
        sentence += f"set BRIDGE_{name.upper()}, or BRIDGE_DATA_DIR."
        raise EnvError("env_secret_not_kept", sentence) from error
    if not kept:
        raise EnvError("env_secret_not_kept", f"{path} is empty: delete it, and a new secret is made.")
    return kept


def _keep(path: Path, value: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(value)
        # A link, not a rename: of two processes at the same moment the first wins and both read its secret.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        os.unlink(draft)


def _read(name: str) -> str:
    """Return the text from the first layer that names it: the real environment, then `.env`.

    A layer at a time, so that X in the real environment beats X_FILE in `.env`, even when X is empty.
    """
    real = name in os.environ or f"{name}_FILE" in os.environ
    env = FileAwareEnv() if real else _dotenv(Path.cwd() / ".env")
    try:
        value: str = env.str(name, "")
    except (ValueError, OSError) as error:
        sentence = f"{name}_FILE doesn't name a readable text file: correct the path or its permissions."
        raise EnvError("env_file_unreadable", sentence) from error
    return value.rstrip("\r\n")


def _dotenv(path: Path) -> FileAwareEnv:
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return FileAwareEnv()
    except (OSError, UnicodeDecodeError) as error:
        sentence = f"Can't read {path} ({type(error).__name__}): make it readable UTF-8, or move it away."
        raise EnvError("env_file_unreadable", sentence) from error


@lru_cache(maxsize=1)
def _parsed(path: Path, _changed: int) -> FileAwareEnv:
    env = FileAwareEnv()
    env.read_env(path, recurse=False)
    return env
