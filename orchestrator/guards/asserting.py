"""Where sentences of a draft assert something: not in questions, offers, conditions and admissions."""

import re
from collections.abc import Iterator

from kb.sentences import sentences
from orchestrator.evidence import MARK, cited
from orchestrator.guards.draft import DraftText

CLAUSE = re.compile(r"(?<!\d)[,;:–—](?!\d)|\.\s|\b(?:but|however|although|and|aber|jedoch|und|pero|sino|y|mais|cependant|et)\b", re.IGNORECASE)
UNREAL = re.compile(
    r"\b(?:if|when|once|until|unless|as soon as|whether|could|might|would|may|to (?:get|have|be)|how to|wenn|falls|sobald|ob|könnte"
    r"|si|cuando|una vez|hasta que|en cuanto|podría|quand|lorsque|une fois|dès que|pour que|pourrait)\b",
    re.IGNORECASE,
)
IN_VAIN = re.compile(
    r"\b(?:could ?n[o']t find|couldn't find|can ?not find|can't (?:find|see|look|tell|check)|cannot (?:find|see|look|tell|check)|did ?n[o']t find|do(?:es)? not (?:find|see|match|know|have)"
    r"|don't (?:find|see|know|have)|no (?:such )?(?:order|match|record|result|information|parcel)s?\b|not (?:be )?(?:found|able|available|sure|certain)|unable to|nothing (?:was )?found|was not found"
    r"|kein\w* (?:bestellung|auftrag|treffer|information)\w*|nicht (?:finden|gefunden|nachsehen|sehen|sagen|sicher)|leider nicht"
    r"|no (?:he|hemos|se ha|pude|puedo|encontr\w+|hay|existe|aparece)|ning[uú]n pedido|aucune? commande|(?:n'ai|n'avons|ne) (?:\w+ )?(?:pas|rien|aucune?)|pas (?:trouvé|pu|sûr|certain)|introuvable)",
    re.IGNORECASE,
)


def cited_sentences(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each sentence without its marks, and the ids that it cites: in it, or right after its last full stop."""
    waiting = ""
    for each in sentences(text):
        said, ids = MARK.sub("", each.text).strip(), cited(each.text)
        if said:
            if waiting:
                yield waiting, ()
            waiting = said
        if waiting and ids:
            yield waiting, ids
            waiting = ""
    if waiting:
        yield waiting, ()


def asserted(draft: DraftText) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each clause that asserts something, its whole sentence, and the ids that the sentence cites."""
    for said, ids in cited_sentences(draft.text):
        if said.endswith("?"):
            continue
        for clause in CLAUSE.split(said):
            if clause.strip() and not UNREAL.search(clause) and not IN_VAIN.search(clause):
                yield clause.strip(), said, ids
