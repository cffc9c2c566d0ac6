"""Output: no refund, discount, deadline or favour is promised or said to be done that no tool and no page grants."""

import re

from kb.analysis.written import fold
from orchestrator.events import Verdict
from orchestrator.evidence import Evidence
from orchestrator.guards.asserting import asserted
from orchestrator.guards.draft import DraftText

_FAVOUR = "refunds?|reimburse\\w*|discounts?|vouchers?|coupons?|store credit|credit note|compensat\\w+|replacements?|exchange|free (?:of charge|shipping|delivery|item|gift)|extension|exception|upgrade|waiver|money back|goodwill"
DONE = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:just |now |already |gone ahead and )*(?:refunded|reimbursed|issued|approved|applied|credited|cancell?ed|waived|changed|updated|extended|reserved|arranged|upgraded|replaced|compensated|processed|granted"
    r"|authori[sz]ed|booked|scheduled|removed|reset|unlocked|deleted|added|initiated|submitted|confirmed|accepted|ordered|shipped|dispatched)\b"
    r"|\b(?:i|we)(?:'ve| have) (?:just |now |already )*(?:sent|e-?mailed|notified|informed|contacted)\b"
    rf"|\b(?:your|the|this|a) (?:full |partial )?(?:{_FAVOUR}|return|cancellation|request|claim|address change|booking|reservation)(?: [^.,;]{{0,40}})? (?:has been|have been|was|is|are) (?:now |already |fully |being )*(?:approved|issued|processed|granted|applied|confirmed|accepted|guaranteed|initiated|activated|extended|on its way)\b"
    r"|\b(?:ich habe|wir haben) [^.,;]{0,60}(?:erstattet|storniert|genehmigt|gutgeschrieben|geändert|veranlasst|bestätigt|verlängert|reserviert|gebucht)\b|\b(?:erstattung|gutschrift|rabatt) [^.,;]{0,30}(?:wurde|ist) [^.,;]{0,20}(?:genehmigt|veranlasst|bestätigt)"
    r"|\b(?:he|hemos) (?:reembolsado|aprobado|cancelado|aplicado|cambiado|tramitado|confirmado|ampliado|reservado)\b|\breembolso [^.,;]{0,30}(?:aprobado|tramitado|confirmado)"
    r"|\b(?:j'ai|nous avons) (?:bien )?(?:remboursé|approuvé|annulé|appliqué|modifié|confirmé|prolongé|réservé|crédité)\b|\bremboursement [^.,;]{0,30}(?:approuvé|effectué|confirmé|accordé)",
    re.IGNORECASE,
)
WILL = re.compile(
    rf"\b(?:i|we|you|our team|they|someone|somebody|a colleague|a person|staff)(?:'ll| will| shall| am going to| are going to| can| could| would be able to| am happy to| are happy to|'re going to)\b[^.;]{{0,80}}\b(?:{_FAVOUR}|refund you|\d+ ?%|off your)\b"
    r"|\b(?:i|we) (?:guarantee|promise|assure)\b|\byou (?:are|'re) (?:entitled|eligible)\b|\byou (?:get|receive|have) (?:a |an |your )?(?:full |partial )?(?:refund|discount|voucher|compensation)\b"
    rf"|\b(?:{_FAVOUR})\b[^.;]{{0,40}}\b(?:will be|is|are) (?:yours|guaranteed|available|possible|on us|included)\b|\bon the house\b|\bas a goodwill\b|\bhere is (?:a|your) (?:\w+ )?(?:code|voucher|discount|coupon)\b|\buse (?:the )?code\b"
    r"|\b(?:ich|wir|sie) (?:werde|werden|können|erhalten|bekommen)\b[^.;]{0,80}\b(?:erstatt\w*|rabatt|gutschein|gutschrift|geld zurück|ersatz|kostenlos|entschädigung)\b|\bwir (?:garantieren|versprechen)\b"
    r"|\b(?:le|les|te) (?:reembolsar\w*|devolver\w*|haremos|daremos|ofrece\w*)\b|\b(?:recibirá|obtendrá|tendrá)\b[^.;]{0,60}\b(?:reembolso|descuento|vale|compensación|gratis)\b|\b(?:garantizamos|prometemos|te garantizo)\b"
    r"|\b(?:nous|je|vous) (?:allons|vais|recevrez|aurez|bénéficiez|rembourser\w*|offr\w+)\b[^.;]{0,80}\b(?:rembours\w*|remise|réduction|bon d'achat|gratuit\w*|compensation|échange)\b|\b(?:nous garantissons|je vous garantis|nous promettons)\b",
    re.IGNORECASE,
)
BY_WHEN = re.compile(
    r"\b(?:will|'ll|going to)\b[^.;]{0,80}\b(?:today|tonight|tomorrow|by (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|noon|the end of)|within (?:the|an|a|one|two|three|\d+) ?(?:next )?(?:\w+ )?(?:hours?|days?|minutes?|weeks?)|in (?:an|a|one|two|three|\d+) (?:hours?|days?|minutes?|weeks?)|right away|immediately|shortly this)\b"
    r"|\b(?:wird|werden)\b[^.;]{0,80}\b(?:heute|morgen|innerhalb von|bis (?:montag|dienstag|mittwoch|donnerstag|freitag|morgen))\b|\b(?:hoy|mañana|en \d+ horas|dentro de)\b[^.;]{0,40}\b(?:recibirá|llamar|contactar|responder)|\b(?:sera|seront|recevrez|rappeler\w*)\b[^.;]{0,60}\b(?:aujourd'hui|demain|sous \d+|d'ici)\b",
    re.IGNORECASE,
)
TICKET = re.compile(
    r"\b(?:i|we)(?:'ve| have)? (?:just |now |already )*(?:opened|created|raised|filed|logged|escalated|forwarded|passed|notified)\b|\bticket (?:\w+ )?(?:has been|was|is) (?:opened|created|raised)"
    r"|\b(?:ich habe|wir haben) [^.;]{0,40}(?:ticket|anfrage) [^.;]{0,20}(?:eröffnet|erstellt|angelegt)|\b(?:he|hemos) (?:abierto|creado) un (?:ticket|caso)|\b(?:j'ai|nous avons) (?:ouvert|créé) un ticket",
    re.IGNORECASE,
)


def check(draft: DraftText, evidence: Evidence) -> Verdict:
    """Refuse deeds that no tool did, and promises that neither the cited passages nor a tool's result grant."""
    granted = fold("\n".join([*(each.text for each in evidence.snippets.values()), *evidence.results]))
    ticket = any("ticket_number" in result for result in evidence.results)
    for clause, said, ids in asserted(draft):
        for rule in (DONE, TICKET, WILL, BY_WHEN):
            found = rule.search(clause) or (rule.search(said) if rule is not DONE else None)
            if not found or fold(found.group()) in granted:
                continue
            if rule is TICKET and ticket:
                continue
            if rule in {WILL, BY_WHEN} and (ids or (ticket and rule is BY_WHEN)):
                continue  # what is cited is held against its passage, word by word, by another guard
            return Verdict("promises", passed=False, reason=f"Nothing grants this: “{found.group()}”. Promise nothing.")
    return Verdict("promises", passed=True)
