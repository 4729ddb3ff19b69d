"""What must hold at the far end that is written to, counted in its rows and in its own log of effects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bridge.sandbox.store import Key
from bridge.sandbox.tokens import text_of
from tests.chaos.far_end import name_of
from tests.chaos.world import World


def broken_hub(world: World) -> Iterator[str]:
    """Each good row is there once, in its last version; none was made or changed twice by the same words."""
    mount = world.hub.systems["schedulehub"]
    there: Counter[int] = Counter()
    names = {}
    for row in mount.far_end.store.table("items").rows():
        number = int(text_of(row.columns["number"]))
        there[number] += 1
        names[number] = text_of(row.columns["name"])
    if many := sorted(number for number, count in there.items() if count > 1):
        yield f"made twice at the target: {many[:5]} ({len(many)})"
    good = world.far.good
    if late := sorted(key for key, version in good.items() if names.get(key) != name_of(key, version)):
        yield f"not at the target: {late[:5]} ({len(late)})"
    if extra := sorted(names.keys() - good.keys() - world.far.gone.keys()):
        yield f"at the target, and nowhere else: {extra[:5]} ({len(extra)})"
    yield from _effects(world)


def _effects(world: World) -> Iterator[str]:
    told: dict[Key, list[str]] = defaultdict(list)
    for effect in world.hub.systems["schedulehub"].effects.since(0):
        told[effect.row.key].append(f"{effect.event} {text_of(effect.row.columns['name'])}")
    if twice := doubled(told):
        yield f"the same effect twice: {[told[key] for key in twice[:3]]} ({len(twice)})"


def doubled(told: Mapping[Key, Sequence[str]]) -> list[Key]:
    """The rows of whose effects, such as `created Widget 5 v1`, one came twice, or a version twice in two ways.

    What is gone at the source is deleted in its last version, when the hour in which that is undone is over: once.
    """
    words = {key: [_version(text) for text in texts] for key, texts in told.items()}
    return sorted(key for key, texts in words.items() if len(texts) != len(set(texts)))


def _version(text: str) -> str:
    event, _, version = text.partition(" ")
    return text if event == "deleted" else version
