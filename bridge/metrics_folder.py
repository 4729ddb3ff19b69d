"""The folder in which the processes of one machine gather what they count."""

from __future__ import annotations

import os
from pathlib import Path

from bridge import env
from bridge.errors import StartError

NAME = "PROMETHEUS_MULTIPROC_DIR"


def share() -> None:
    """Make the folder, and name it where prometheus_client looks when it is imported: in the real environment alone.

    Nothing where the variable is absent: then each process counts for itself. Raises StartError (metrics_folder).
    """
    named = env.text(NAME)
    if not named:
        os.environ.pop(NAME, None)  # an empty one would be taken for the working directory
        return
    try:
        Path(named).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = f"{NAME} is {named!r}, which can't be a folder ({error.strerror}): "
        sentence += "name one that Bridge may write to."
        raise StartError("metrics_folder", sentence) from error
    os.environ[NAME] = named


def leave() -> None:
    """Count nothing there: a command that ends soon would leave its files behind, and each scrape reads them all."""
    os.environ.pop(NAME, None)
