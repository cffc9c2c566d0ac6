"""What an answer says beside its facts: thanks, offers, questions, and words that lead in."""

import re

from kb.figures import NUMBER

# Before a fact: it stays a fact without it.
LEAD = re.compile(
    r"^(?:(?:sure|certainly|of course|good news|great question|thanks|thank you)(?: for (?:asking|your \w+))?[,:!.]\s+(?=\w)"
    r"|(?:according to|as per|based on) (?:our|the|this) [\w ]{3,30}?[,:]\s+|please note(?: that)?[:,]?\s+|note that\s+"
    r"|(?:gerne|natürlich|danke|laut [\w ]{3,30}?)[,:!.]\s+|bitte beachten sie,? dass\s+"
    r"|(?:claro|gracias|por supuesto|según [\w ]{3,30}?)[,:!.]\s+|tenga en cuenta que\s+"
    r"|(?:bien sûr|merci|selon [\w ]{3,30}?|d'après [\w ]{3,30}?)[,:!.]\s+|veuillez noter que\s+)+",
    re.IGNORECASE,
)
COURTESY = re.compile(
    r"^\W*(?:"
    r"(?:many )?thanks?\b|thank you|hello|hi\b|welcome|you(?:'re| are) welcome|good (?:morning|evening|afternoon|day)|goodbye|bye"
    r"|i(?:'m| am) (?:sorry|afraid|happy|glad|not (?:sure|certain))|sorry|unfortunately,? i|i (?:can't|cannot|could not|couldn't) "
    r"|i (?:can|could|will) (?:also )?(?:pass|connect|hand|help|open|fetch|ask|get|put|create|call)\b"
    r"|(?:would|do|can|could|shall|may|is|are|did|have) (?:you|i|we|there)\b.*\?|let me know|feel free|if you (?:like|want|wish|prefer)"
    r"|(?:here is )?(?:the nearest|what (?:comes|i found))|am nächsten kommt|lo más parecido|ce que j'ai trouvé"
    r"|(?:just )?(?:write|ask|tell|send) me|anything else|is there anything|happy to help|have a (?:nice|good|great)|great question|hope (?:this|that)"
    r"|danke|vielen dank|hallo|guten (?:tag|morgen|abend)|willkommen|gern|tut mir leid|es tut mir leid|leider (?:kann|konnte|habe) ich"
    r"|auf wunsch|ich (?:kann|konnte) (?:sie|ihnen|das|dazu|es)|wenn sie (?:möchten|wollen)|möchten sie|kann ich|soll ich|melden sie sich"
    r"|gracias|hola|buen[oa]s|bienvenid|de nada|lo siento|lamento|puedo (?:pasar|poner|abrir|ayudar)|si (?:quiere|lo desea|necesita)"
    r"|¿|quiere que|no he (?:podido|encontrado)|no puedo"
    r"|merci|bonjour|bonsoir|bienvenue|avec plaisir|désolé|je suis désolé|je (?:peux|ne peux pas|n'ai pas|n’ai pas)|si vous (?:le )?(?:souhaitez|voulez)"
    r"|souhaitez-vous|voulez-vous|puis-je|n'hésitez pas"
    r")",
    re.IGNORECASE,
)
LONGEST = 220  # characters: what is longer is more than a courtesy


def courteous(sentence: str) -> bool:
    """True for a sentence that claims nothing of the shop: it has no number in it, and begins as courtesies do."""
    asks = sentence.rstrip().endswith("?")
    short = len(sentence) <= LONGEST and not NUMBER.search(sentence)
    return short and (asks or COURTESY.match(sentence) is not None)
