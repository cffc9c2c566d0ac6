"""What the words around a number say about it."""

import re

BEFORE, AFTER = 60, 24  # characters

CARD = re.compile(
    r"\b(?:credit|debit|card|cards|cc|visa|master ?card|amex|american express|discover|diners|jcb|maestro|pan|tarjeta"
    r"|(?:kredit|bank|debit|ec-?)?karten?(?:nummer)?|carte|carta|cart[aã]o|kort|kaart)\b",
    re.IGNORECASE,
)
SSN = re.compile(
    r"\b(?:ssns?|socials?|social sec(?:urity)?|soc sec|ss ?#|tax ?(?:payer)? ?id\w*|tin|itin|seguro social)\b|\bss ?#",
    re.IGNORECASE,
)
# Words that name another kind of number.
IDENTIFIER = re.compile(
    r"\b(?:orders?|bestell\w*|auftrag\w*|pedidos?|commandes?|ordine|encomenda|items?|products?|artikel\w*|articles?|sku|ean|gtin"
    r"|isbn|asin|imei|iccid|serial|models?|tracking|track|parcel|shipment|package|sendung\w*|paket\w*|invoices?"
    r"|rechnung\w*|factura|facture|receipt|tickets?|case|ref|reference|transaction|confirmation|reservation|booking"
    r"|rma|po|customer|account|acct|kundennummer|member(?:ship)?|loyalty|coupon|voucher|gift card|zip|postcode"
    r"|lot|batch|upc|id|order_id|item_id|product_id)s?\b",
    re.IGNORECASE,
)


def says(
    pattern: re.Pattern[str], text: str, start: int, end: int, *, before: int = BEFORE, after: int = AFTER
) -> bool:
    """Whether `pattern` stands near `text[start:end]`."""
    if pattern.search(text, max(0, start - before), start):
        return True
    return after > 0 and pattern.search(text, end, min(len(text), end + after)) is not None


def last(pattern: re.Pattern[str], text: str, start: int, before: int = BEFORE) -> int:
    """Where the last match before `start` ends; -1 where there is none."""
    return max((match.end() for match in pattern.finditer(text, max(0, start - before), start)), default=-1)
