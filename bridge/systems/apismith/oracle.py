"""What the sandbox's ERP has beside Northwind's columns: values of Oracle's types, made of those columns.

Each is written as a gateway that knows nothing of the types hands it through: CHAR with its padding, a DATE with its
time of day, more digits than a NUMBER(p, s) keeps. A column of which the row tells too little is null.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from zlib import crc32

from bridge.sandbox.tokens import NULL, Columns, quoted, text_of

PLACES = {
    "Argentina": ("AR", "America/Argentina/Buenos_Aires"),
    "Austria": ("AT", "Europe/Vienna"),
    "Belgium": ("BE", "Europe/Brussels"),
    "Brazil": ("BR", "America/Sao_Paulo"),
    "Canada": ("CA", "America/Toronto"),
    "Denmark": ("DK", "Europe/Copenhagen"),
    "Finland": ("FI", "Europe/Helsinki"),
    "France": ("FR", "Europe/Paris"),
    "Germany": ("DE", "Europe/Berlin"),
    "Ireland": ("IE", "Europe/Dublin"),
    "Italy": ("IT", "Europe/Rome"),
    "Mexico": ("MX", "America/Mexico_City"),
    "Norway": ("NO", "Europe/Oslo"),
    "Poland": ("PL", "Europe/Warsaw"),
    "Portugal": ("PT", "Europe/Lisbon"),
    "Spain": ("ES", "Europe/Madrid"),
    "Sweden": ("SE", "Europe/Stockholm"),
    "Switzerland": ("CH", "Europe/Zurich"),
    "UK": ("GB", "Europe/London"),
    "USA": ("US", "America/New_York"),
    "Venezuela": ("VE", "America/Caracas"),
}
"""A country's code, and what the ERP calls its zone."""
STATES = {
    "AK": "AKST",
    "MT": "MST",
    "NM": "MST",
    "ID": "MST",
    "WY": "MST",
    "CA": "PST",
    "OR": "PST",
    "WA": "PST",
}
"""The zones of the United States as its users call them."""
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
SUNDAY = 6


def customers(row: Columns) -> Columns:
    """CHAR, VARCHAR2 whose empty text is its null, NUMBER(9, -2), RAW and CLOB."""
    has = _texts(row)
    code, _ = PLACES.get(has("COUNTRY"), (None, None))
    digits = re.sub(r"\D", "", has("FAX"))
    lines = (has("CONTACT_NAME"), has("ADDRESS"), f"{has('POSTAL_CODE')} {has('CITY')}", has("COUNTRY"))
    return {
        "COUNTRY_CODE": _char(code, 4),
        "SALES_AREA": quoted(has("REGION")),
        "TAX_REFERENCE": quoted(f"{code} {digits}" if code and digits else "N/A"),
        "CREDIT_LIMIT": b"%d.%02d" % divmod(crc32(has("CUSTOMER_ID").encode()) % 10_000_000, 100),
        "ROW_GUID": _raw("customer", has("CUSTOMER_ID")),
        "ADDRESS_LABEL": quoted("\r\n".join(line.strip() for line in lines if line.strip())),
    }


def items(row: Columns) -> Columns:
    """CHAR, NUMBER(12, 4), RAW and CLOB."""
    has = _texts(row)
    words = re.findall("[A-Za-z]+", has("QUANTITY_PER_UNIT"))
    price = _number(has("UNIT_PRICE"))
    told = f"{has('PRODUCT_NAME')}\r\n\tsold as {has('QUANTITY_PER_UNIT') or 'one'}\r\n"
    return {
        "UOM_CODE": _char(words[-1].upper() if words else None, 8),
        "STANDARD_COST": NULL if price is None else str(price * Decimal("0.612345")).encode(),
        "ITEM_GUID": _raw("item", has("PRODUCT_ID")),
        "LONG_DESCRIPTION": quoted(told),
    }


def orders(row: Columns) -> Columns:
    """DATE with a time of day, DATE as DD-MON-RR, TIMESTAMP with time zone, TIMESTAMP with local time zone."""
    has = _texts(row)
    number = crc32(has("ORDER_ID").encode())
    booked, promised, shipped = (_day(has(name)) for name in ("ORDER_DATE", "REQUIRED_DATE", "SHIPPED_DATE"))
    at = booked and booked + timedelta(hours=8, minutes=number % 540, seconds=number % 60)
    _, zone = PLACES.get(has("SHIP_COUNTRY"), ("", "UTC"))
    zone = STATES.get(has("SHIP_REGION"), zone) if zone == "America/New_York" else zone
    return {
        "BOOKED_DATE": quoted(f"{at:%Y-%m-%d %H:%M:%S}") if at else NULL,
        "PROMISED_DATE": quoted(f"{promised:%d}-{MONTHS[promised.month - 1]}-{promised:%y}")
        if promised
        else NULL,
        "BOOKED_AT": quoted(f"{at:%Y-%m-%d %H:%M:%S}.{number % 1000:03} {zone}") if at else NULL,
        "INVOICED_AT": quoted(f"{_invoiced(shipped):%Y-%m-%d %H:%M:%S}") if shipped else NULL,
    }


def order_lines(row: Columns) -> Columns:
    """NUMBER(12, 2), CHAR, RAW and VARCHAR2 whose empty text is its null."""
    has = _texts(row)
    price, quantity, discount = (_number(has(name)) for name in ("UNIT_PRICE", "QUANTITY", "DISCOUNT"))
    share = discount or Decimal(0)
    whole = price is not None and quantity is not None
    return {
        "LINE_AMOUNT": str((price or 0) * (quantity or 0) * (1 - share)).encode() if whole else NULL,
        "PRICE_TYPE": _char("PROMO" if share else "LIST", 6),
        "LINE_GUID": _raw("line", has("ORDER_ID"), has("PRODUCT_ID")),
        "PRICE_REASON": quoted(f"{share:%} less" if share else ""),
    }


DERIVED: Mapping[str, Callable[[Columns], Columns]] = {
    "customers": customers,
    "items": items,
    "orders": orders,
    "order_lines": order_lines,
}


def _texts(row: Columns) -> Callable[[str], str]:
    return lambda name: "" if row.get(name, NULL) == NULL else text_of(row[name])


def _char(text: str | None, length: int) -> bytes:
    return NULL if text is None else quoted(text[:length].ljust(length))


def _raw(*parts: str) -> bytes:
    return quoted(hashlib.md5("/".join(parts).encode(), usedforsecurity=False).hexdigest().upper())


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y")  # noqa: DTZ007 - a day, and local times made of it
    except ValueError:
        return None


def _invoiced(shipped: datetime) -> datetime:
    """The invoices are written on Sundays at half past two, which in Europe came twice, or never, twice a year."""
    return shipped + timedelta(days=(SUNDAY - shipped.weekday()) % 7, hours=2, minutes=30)
