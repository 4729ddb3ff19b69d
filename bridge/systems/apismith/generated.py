"""Items from a seed, in any number, for the sandbox's APISmith: columns as Northwind's products have them."""

from __future__ import annotations

import random

from bridge.sandbox.tokens import Columns, quoted

_KINDS = ("Bolt", "Washer", "Bracket", "Bearing", "Gasket", "Valve", "Spring", "Pulley", "Hinge", "Rivet")
_MADE_OF = ("steel", "brass", "nylon", "copper", "aluminium", "Teflon®", "caoutchouc", "zinc")
_PACKS = ("10 boxes x 20", "24 pieces", "1 kg bag", "12 - 500 g pkgs.", "36 per carton")


def item(draw: random.Random, number: int) -> Columns:
    """The row of an item; key and name come of its number, the rest is drawn."""
    name = f"{_KINDS[number % len(_KINDS)]}, {_MADE_OF[number // 7 % len(_MADE_OF)]}, {number}"
    return {
        "PRODUCT_ID": _number(number),
        "PRODUCT_NAME": quoted(name),
        "SUPPLIER_ID": _number(draw.randint(1, 29)),
        "CATEGORY_ID": _number(draw.randint(1, 8)),
        "QUANTITY_PER_UNIT": quoted(draw.choice(_PACKS)),
        "UNIT_PRICE": b"%d.%02d" % (draw.randint(1, 4999), draw.randint(0, 99)),
        "UNITS_IN_STOCK": _number(draw.randint(0, 500)),
        "UNITS_ON_ORDER": _number(draw.choice((0, 0, 0, 10, 50))),
        "REORDER_LEVEL": _number(draw.choice((0, 5, 10, 25))),
        "DISCONTINUED": _number(draw.choice((0,) * 9 + (1,))),
    }


def _number(value: int) -> bytes:
    return b"%d" % value
