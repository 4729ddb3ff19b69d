"""Errors that only a person can clear: a sentence for the shell and a stable code for scripts."""

from __future__ import annotations


class StartError(Exception):
    """Bridge can't start, or go on, until something outside it is changed.

    `str(error)` is one sentence (no secret in it) that says what is wrong and what to do; `code` is stable.
    The shell prints the sentence and exits with 2.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
