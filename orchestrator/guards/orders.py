"""Output: what is said of the visitor's order is what the tool said; where it found none, nothing is said of one."""

import json
import re
from typing import Any

from orchestrator.claims.courtesy import courteous
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence, cited
from orchestrator.guards.asserting import IN_VAIN, asserted, cited_sentences
from orchestrator.guards.draft import DraftText

STATUS = {
    "shipped": r"shipped|dispatched|sent out|(?:been|was) sent|on (?:its|the) way|in transit|left (?:our|the) (?:\w+ )?(?:warehouse|depot|shop|store)|out for delivery|with (?:the|our) (?:carrier|courier)|handed (?:over )?to|en route"
    r"|versandt|versendet|verschickt|unterwegs|abgeschickt|enviado|en camino|despachado|expédiée?|envoyée?|en chemin|partie? de",
    "delivered": r"(?:been|was|is|were) (?:already )?(?:delivered|dropped off|left (?:at|with))|delivered (?:on|to|at|yesterday|today)|has arrived|zugestellt|geliefert worden|ausgeliefert|angekommen|entregado|ha llegado|(?:a été|est) (?:livrée?|arrivée?)",
    "arriving": r"(?:will|should|is going to|is expected to|is due to|'ll) (?:\w+ )?(?:arrive|be (?:delivered|there|with you)|reach you|come)|arriv(?:es|ing) (?:on|by|tomorrow|today|soon|in)|(?:estimated|expected) (?:delivery|arrival)|kommt (?:\w+ ){0,3}an\b|trifft (?:\w+ ){0,3}ein\b|llegará|se entregará|arrivera|sera livrée?",
    "cancelled": r"cancell?ed|storniert|anulado|cancelado|annulée?",
    "refunded": r"refunded|(?:refund|money) (?:was|has been|is|is being) (?:issued|approved|processed|sent|made|granted)|refund is on|erstattet|zurückerstattet|reembolsado|devuelto el dinero|remboursée?",
    "processing": r"(?:is|being|in|still|currently) (?:process\w*|prepar\w*|packed|packing|picked)|under preparation|in bearbeitung|wird (?:bearbeitet|vorbereitet|gepackt)|en preparación|procesando|preparando|en (?:cours de )?(?:préparation|traitement)",
    "pending": r"(?:waiting|awaiting) (?:for )?(?:the |your )?payment|pending|unpaid|wartet auf (?:die )?zahlung|pendiente|en attente (?:de|du) paiement",
    "on hold": r"on hold|angehalten|zurückgestellt|en espera|retenido|mise? en attente|suspendue?",
    "failed": r"payment (?:has |had )?failed|zahlung (?:ist )?fehlgeschlagen|pago (?:ha )?fallado|pago (?:rechazado|fallido)|paiement (?:a )?(?:échoué|refusé)",
    "completed": r"(?:is|been|was|:) completed?|is complete|abgeschlossen|completado|terminée?",
    "returned": r"(?:been|was|were|is) (?:returned|sent back)|retourniert|zurückgeschickt|devuelto|retournée?",
    "lost": r"(?:is|was|been|got) (?:lost|delayed|damaged|stuck)|verloren gegangen|verspätet|perdido|retrasado|perdue?|retardée?|bloquée?",
}
COMPILED = {status: re.compile(rf"(?:\b|(?<=\W))(?:{said})\b", re.IGNORECASE) for status, said in STATUS.items()}
ALLOWED = {  # what may be said where the tool says this
    "waiting for payment": {"pending"},
    "paid, being prepared": {"processing"},
    "on hold until the payment is confirmed": {"on hold", "pending"},
    "completed": {"completed", "shipped"},
    "cancelled": {"cancelled"},
    "refunded": {"refunded"},
    "the payment failed": {"failed"},
}
MINE = re.compile(
    r"\b(?:your|the|this|that) (?:order|parcel|package|delivery|shipment|item|payment|refund|return)|\border (?:number |no\.? ?|#)?\w*\d|^it\b|\bit(?:'s| has| is| was| will)\b|^(?:has|is|was)\b|\bthey (?:have|are|were)\b"
    r"|\b(?:ihre?|deine?|die|das|ihr) (?:bestellung|paket|sendung|lieferung|zahlung)|^(?:sie|es|er) (?:ist|wurde|wird)|\bbestellung \w*\d"
    r"|\b(?:su|tu|el) (?:pedido|paquete|envío|pago)|\bpedido \w*\d|\b(?:votre|ta|la|le) (?:commande|colis|livraison|paiement)|\bcommande \w*\d|\b(?:elle|il) (?:a|est|sera)\b",
    re.IGNORECASE,
)
PERSONAL = re.compile(
    r"\b(?:your|the|this) (?:order|parcel|package|shipment|refund|payment)\b[^.;]{0,30}\b(?:has|have|was|will)\b|\border (?:number |no\.? ?|#)?\w*\d"
    r"|\b(?:ihre?|deine?) (?:bestellung|paket|sendung)\b[^.;]{0,30}\b(?:wurde|ist|wird)\b|\b(?:su|tu) (?:pedido|paquete|envío)\b[^.;]{0,30}\b(?:ha|fue|está|será)\b"
    r"|\b(?:votre|ta) (?:commande|colis)\b[^.;]{0,30}\b(?:a|est|sera)\b",
    re.IGNORECASE,
)
ADVICE = re.compile(
    r"^\W*(?:please|kindly|check|make sure|double-check|try|give|send|tell|write|enter|verify|have (?:a look|another look)|you (?:can|may|could)|could you|both|i need|we need|i(?:'d| would) need|to look"
    r"|bitte|prüfen|überprüfen|nennen|geben|sie können|ich brauche|por favor|compruebe|verifique|revise|indique|puede|necesito|veuillez|vérifiez|merci de|indiquez|vous pouvez|j'ai besoin)\b",
    re.IGNORECASE,
)


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse a state of an order that no tool told, and whatever else is told of one that was not found."""
    told = _told(evidence)
    allowed = set[str]().union(*(_allowed(order) for order in told))
    for clause, said, ids in asserted(draft):
        for status, pattern in COMPILED.items():
            if pattern.search(clause) and status not in allowed and _is_mine(clause, said, ids, evidence):
                return _refused(f"No tool said that an order is {status}: “{clause}”. Say only what get_order returned.")
    if evidence.results and not told and not _ticketed(evidence) and draft.intent == "answer":
        for said, ids in cited_sentences(draft.text):
            if not ids and not _empty_handed(said, draft):
                return _refused(f"No order was found, so nothing can be said of one: “{said}”. Ask for what is missing.")
    return Verdict("orders", passed=True)


def _is_mine(clause: str, said: str, ids: tuple[str, ...], evidence: Evidence) -> bool:
    """True where one order is spoken of, not what the shop does in general."""
    if ids:  # of what the shop does, another guard holds each word against the passage
        return PERSONAL.search(clause) is not None
    return MINE.search(said) is not None or bool(evidence.results)


def _empty_handed(said: str, draft: DraftText) -> bool:
    later = draft.cited_before or cited(draft.text)
    return bool(said.endswith("?") or IN_VAIN.search(said) or ADVICE.match(said) or courteous(said) or later)


def _told(evidence: Evidence) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for result in evidence.results:
        read = json.loads(result)
        orders = read.get("orders") if isinstance(read, dict) else None
        found += [order for order in orders or () if isinstance(order, dict)]
        if isinstance(read, dict) and "orders" not in read and "status" in read and "ticket_number" not in read:
            found.append(read)
    return found


def _ticketed(evidence: Evidence) -> bool:
    return any("ticket_number" in result or "number" in result for result in evidence.results)


def _allowed(order: dict[str, Any]) -> set[str]:
    status = str(order.get("status", ""))
    found = ALLOWED.get(status, set()) | {name for name, pattern in COMPILED.items() if pattern.search(f"is {status}")}
    return found | ({"shipped"} if order.get("tracking") else set())


def _refused(reason: str) -> Verdict:
    return Verdict("orders", passed=False, reason=reason)
