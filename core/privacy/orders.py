"""Order numbers: what stands after the word, in the languages of the widget."""

import re
from collections.abc import Iterator

from core.privacy.found import Found

ORDER = re.compile(
    r"\b(?:orders?|bestell(?:ung|nummer|nr\.?)|auftrag(?:snummer)?|pedidos?|commandes?|ordine|encomenda)\b"
    r"(?:[\s-]*(?:number|numbers|no\.?|num|nr\.?|nummer|id|n[uú]mero|numéro|n°|ref(?:erence)?|code))?"
    r"(?:\s*(?:is|was|ist|lautet|es|est|:|=))?[\s#:№\"'(]{0,4}"
    r"((?=[A-Za-z0-9-]*\d{3})[A-Za-z]{0,4}-?\d(?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){2,23})(?![\w@])"
    r"|(?<![\w&#])#([A-Za-z]{0,3}-?\d{4,14})\b",
    re.IGNORECASE,
)

# So much of something is wanted: "can I order 500 pieces", "order 100 m of rope".
WANTED = re.compile(
    r"\b(?:(?:want|wanna|like|need|going|how|possible|able|try|trying|plan\w*|allowed|wish|minimum|maximum)\s+to"
    r"|(?:can|could|may|do|shall|should)\s+(?:i|we|you|one|they|people))\s+\Z",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"\s*(?:x\b|×|pieces?\b|pcs\b|units?\b|items?\b|pairs?\b|m\b|metres?\b|meters?\b|kg\b|g\b|%|[€£$])", re.IGNORECASE
)
LEAD = 30  # characters
SHORTEST = 4  # digits of a number that nothing but the words around it calls an order's

# Asked for by the agent, or by staff, in the languages of the widget.
ASKED = re.compile(
    r"order (?:number|id|no\b)|number of (?:your|the) order|bestell-?nummer|auftrags-?nummer|bestelnummer"
    r"|numéro de (?:la |votre )?commande|número (?:de |del |de su |de tu )?pedido|numero (?:d'|dell')?ordine"
    r"|número d[ae] encomenda",
    re.IGNORECASE,
)
SPOKEN_OF = re.compile(
    r"\b(?:my|our|the|this|an|meine|unsere|die|ma|notre|la|mi|nuestro|el|mio|minha)\s+(?:\w+\s+)?"
    r"(?:order|bestellung|commande|pedido|ordine|encomenda)\b",
    re.IGNORECASE,
)
BARE = re.compile(
    r"(?<![\w.,£€$+⟦:-])((?:[A-Z]{1,5}-)?\d{4,10})(?![\w.,]*\d|\s*(?:%|£|€|kg|km|cm|mm|g\b)|[\w@⟧])", re.IGNORECASE
)
# Numbers of something else, by the word right before them.
OTHERS = re.compile(
    r"\b(?:tickets?|cases?|invoices?|rechnung\w*|factur\w*|models?|modell|versions?|sizes?|rooms?|zip|postcodes?|plz|sku"
    r"|articles?|artikel\w*|pages?|parts?|serial|pin|code)(?: (?:number|no\.?|nr\.?|code))?[\s#:]{0,3}\Z",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?:19|20)\d\d")
OF_A_YEAR = re.compile(
    r"\b(?:in|since|from|until|of|year|seit|von|aus|depuis|desde|de|dans|january|february|march|april|may|june|july"
    r"|august|september|october|november|december)\s\Z",
    re.IGNORECASE,
)
ANY = re.compile(r"(?<![\w@.+-])#?([A-Za-z]{0,5}-?\d{3,14})(?![\w@.-]*\w)")


def orders(text: str) -> Iterator[Found]:
    """The numbers that `text` calls an order's."""
    for match in ORDER.finditer(text):
        group = 1 if match[1] else 2
        wanted = group == 1 and WANTED.search(text[max(0, match.start() - LEAD) : match.start()])
        if not wanted and not (group == 1 and COUNTED.match(text, match.end())):
            yield Found("order", *match.span(group))


def any_number(text: str) -> Iterator[Found]:
    """Each number of three digits or more, with the letters before it: for whoever searches for one."""
    for match in ANY.finditer(text):
        yield Found("order", *match.span(1))


def bare(text: str) -> Iterator[Found]:
    """The numbers in `text` that could be an order's, where one was asked for, or is spoken of."""
    for match in BARE.finditer(text):
        before = text[max(0, match.start() - LEAD) : match.start()]
        if not OTHERS.search(before) and not (YEAR.fullmatch(match[1]) and OF_A_YEAR.search(before)):
            yield Found("order", *match.span(1))
