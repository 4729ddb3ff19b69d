"""Secrets that Bridge makes for itself where none is given: a newcomer needs no set-up, a restart keeps them."""

from __future__ import annotations

import os
import secrets

from bridge import env


def kept_secret(name: str) -> str:
    """The secret `name` kept in the data folder (mode 0600), made at first use: 64 hex digits."""
    folder = env.data_dir() / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Written aside and linked: of two processes that start at once one wins, and both read the winner's.
        draft = folder / f".{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
