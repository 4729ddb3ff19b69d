"""A line of the ledger in words for people."""

from __future__ import annotations

from collections import defaultdict

from sync.commands import ledger
from sync.models import Effect

WORDS = {
    ledger.ASKED: "Asked for by {by}.",
    ledger.APPROVED: "Approved by {by}.",
    ledger.REJECTED: "Rejected: {message}",
    ledger.SENDING: "About to be sent.",
    ledger.ACCEPTED: "The far end took it on.",
    ledger.ANSWERED: "The far end answered: {state}.",
    ledger.NO_EFFECT: "It surely took no effect ({code}): {message}",
    ledger.NO_ANSWER: "Nobody knows whether it took effect: {message}",
    ledger.LOST: "Nobody knows whether it took effect: {message}",
    ledger.LOOKED: "The far end was asked whether it is there: {found}",
    ledger.UNANSWERED: "The far end was asked whether it is there, and did not say ({code}): {message}",
    ledger.GAVE_UP: "The far end did not say for so long that a person is asked ({code}): {message}",
    ledger.SETTLED: "{by} said that it is {decision}: {reason}",
    ledger.CALLED_BACK: "The far end called back: {status}.",
    ledger.CANCELLED: "{message}",
}


def words(line: Effect) -> str:
    """One sentence."""
    facts = {"state": line.state, **line.exchange}
    step = str(facts.get("step", ""))
    if step == ledger.LOOKED:
        facts["found"] = facts.get("message") or facts.get("found") or f"it is {line.state}."
    template = WORDS.get(step, step.replace("_", " ").capitalize())
    sentence = template.format_map(defaultdict(lambda: "?", facts))
    if step == ledger.ANSWERED and facts.get("message"):
        return f"{sentence} {facts['message']}"
    return sentence
