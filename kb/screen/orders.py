"""Orders to an assistant, found by their wording in English, German, Spanish, French, Italian and Portuguese.

No list of words stops everything: what a hijacked model can reach is bounded elsewhere. This screen turns the plain
attempts away, and warns of documents that hold them. Each rule alone is enough; customers must never write like it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from kb.screen.plain import readings
from kb.sentences import sentences

_RULES = "instructions?|guidelines?|rules?|prompts?|polic(?:y|ies)|directives?|constraints?|restrictions?|programming|filters?|training|safeguards?|protocols?|orders"
_BEFORE = "previous|prior|earlier|preceding|above|foregoing|former|initial|original|existing|current|system|developer|safety|content|ethical|openai|all|any|every|these|those|your|its|the"
_DROP = "ignor(?:e|es|ing)|disregard(?:s|ing)?|forget(?:s|ting)?|overrid(?:e|es|ing)|bypass(?:es|ing)?|neglect|dismiss|skip|violate|break|do not follow|don't follow|do not obey|stop following|no longer follow"
_DE_RULES = "anweisung\\w*|instruktion\\w*|regeln?|richtlinien?|vorgaben?|befehle?|prompts?|systemanweisung\\w*"
_ES_RULES = "instrucci[oó]n(?:es)?|reglas?|directrices|[oó]rdenes|restricciones|pol[ií]ticas"
_FR_RULES = "instructions?|consignes?|r[eè]gles?|directives?|restrictions?|limites"
_IT_RULES = "istruzion[ei]|regol[ea]|linee guida|direttive|instru[cç][õo]es|regras|diretrizes"
_SECRET = "password|pass ?phrase|passcode|secret (?:code|key|word)|api[ -]?keys?|credentials|access (?:code|key|token)s?|private key|social security|admin(?:istrator)? (?:login|access|pages?)"
_TELL = "tell|give|show|share|reveal|print|output|repeat|disclose|provide|send|display|expose|write|say|confirm|verify|encode|dump|list|recite|spell|leak|what(?:'s| is| are| was)|know"

PATTERNS = {
    "drops the rules": rf"""
        \b(?:{_DROP})\b[^.!?\n]{{0,40}}\b(?:{_BEFORE})\b[^.!?\n]{{0,40}}\b(?:{_RULES})\b
        |\b(?:ignore|disregard|forget)\s+(?:(?:all|everything|anything|whatever)\s+)?(?:of\s+)?(?:the\s+|what\s+(?:was|is|came)\s+)?(?:above|before|prior|preceding|previous|(?:that|what)\s+(?:came|was said|i said|you were told))\b(?!\s+(?:e-?mail|quote|order|message|ticket|request|number|address))
        |\b(?:ignore|disregard|forget)\s+(?:everything|all)\b[^.!?\n]{{0,30}}\b(?:told|said|know|learned|above|before)
        |\bignore\s+the\s+(?:webpage|web page|resume|text|document|article|paper|email|table|user|question|task)\b[^.!?\n]{{0,30}}\b(?:and|state|say|instead)
        |\b(?:ignorier\w*|missacht\w*|vergiss|vergessen sie|umgeh\w*|überschreib\w*)\b[^.!?\n]{{0,40}}\b(?:{_DE_RULES})\b
        |\b(?:ignor[aeo]\w*|olvid[aeo]\w*|omite|descarta|desobedece|haz caso omiso)\b[^.!?\n]{{0,40}}\b(?:{_ES_RULES}|anterior(?:es|mente)?)\b
        |\b(?:ignore[zrs]?|oublie[zrs]?|n[ée]glige[zr]?|contourne[zr]?)\b[^.!?\n]{{0,40}}\b(?:{_FR_RULES})\b
        |\b(?:ignora\w*|dimentica\w*|ignore|esque[cç]a)\b[^.!?\n]{{0,40}}\b(?:{_IT_RULES})\b
        |\bnew\s+(?:instructions?|task|rules|directive|system prompt)\s*(?::|is\b|are\b|follow)
        |\bignora\w*\s+(?:la p[aá]gina|el texto|la pagina|il testo)|\bignore[zr]?\s+(?:la page|le texte|cette page)|\bignor\w+\s+(?:die (?:web)?seite|den text)
        |\b(?:comply|respond|answer) with (?:the following|my) (?:request|commands?|instructions?) instead
        |\b(?:breach|security) alert\b[^\n]{{0,120}}\binstructions
    """,
    "asks for the prompt": rf"""
        \b(?:{_TELL})\b[^.!?\n]{{0,50}}\b(?:your|the|its|this)\s+(?:\w+\s+){{0,2}}?(?:system\s*(?:prompt|message|instructions?)|(?:initial|hidden|secret|internal|original|developer|pre)\s*-?(?:prompt|instructions?|message|rules|configuration)|prompt\b)
        |\b(?:repeat|print|output|reveal|show|copy|display|recite)\b[^.!?\n]{{0,30}}\b(?:everything|all|the (?:text|words)|words)\b[^.!?\n]{{0,20}}\b(?:above|before this)
        |\bwhat (?:are|were) your (?:\w+ ){{0,2}}(?:instructions|guidelines|prompt)\b
        |\b(?:zeig\w*|verrat\w*|nenn\w*|gib|geben sie|wiederhol\w*)\b[^.!?\n]{{0,40}}\b(?:system-?prompt\w*|systemanweisung\w*|systemnachricht|deine (?:internen |geheimen )?(?:anweisungen|instruktionen|regeln))
        |\b(?:mu[eé]stra\w*|revela\w*|dime|di|repite|imprime)\b[^.!?\n]{{0,40}}\b(?:prompt|instrucciones (?:del sistema|internas|ocultas|secretas|iniciales)|tus instrucciones|mensaje del sistema)
        |\b(?:montre\w*|r[ée]v[èe]le\w*|affiche\w*|donne\w*|r[ée]p[èe]te\w*|dis)\b[^.!?\n]{{0,40}}\b(?:prompt|(?:tes|vos) (?:instructions|consignes)|instructions (?:syst[èe]me|internes|cach[ée]es|secr[èe]tes))
        |\b(?:mostra\w*|rivela\w*|dimmi|ripeti|mostre|revele|diga)\b[^.!?\n]{{0,40}}\b(?:prompt|istruzioni (?:di sistema|interne|nascoste)|le tue istruzioni|suas instru)
    """,
    "takes another role": r"""
        \b(?:you are|you're|you will be|act as|become|behave as|respond as|reply as|answer as|pretend (?:to be|that you are|you are|you're)|play|roleplay as|simulate)\s+(?:now\s+)?(?:an?\s+|the\s+)?(?:dan\b|stan\b|dude\b|aim\b|do anything now|evil|unrestricted|unfiltered|uncensored|unethical|amoral|jailbroken|rogue|hacker|developer mode|opposite mode|[\w-]*gpt\b|confidant)
        |\bfrom now on,?\s+(?:you|your|act|answer|respond|reply|ignore|i want you|we)\b
        |\b(?:do anything now|jailbr[eo]a?k\w*|developer mode|dev mode|god mode|debug mode|dan mode|sudo mode|opposite mode|maintenance mode|admin(?:istrator)? mode|system mode|knowledge verification mode|unrestricted mode|dan\s*:|\[?🔓)
        |\byou are no longer (?:an? |the )?(?:chatgpt|gpt|ai\b|assistant|bound|restricted|limited|claude)|\bno longer chatgpt
        |\b(?:you will|you must|you are going to|you are to|you're going to|you should|will now|you'll) (?:now )?(?:act as|play|pretend|take on the role|role-?play|respond as|answer as|impersonate)\b
        |\btake on the (?:role|persona) of|\bpersona\s*=|\bthis character\b[^.!?\n]{0,80}\b(?:must|never|always)
        |\bstay(?:ing)? (?:a|in|as a?) ?(?:dan|character)\b|\bstop (?:being in|staying in) character|\bbreak (?:of )?character|\bin character\b[^.!?\n]{0,40}\b(?:remain|stay|always)
        |\b(?:without|no|have no|free of|free from|not bound by|unbound by|any)\s+(?:any\s+|ethical\s+|moral\s+|content\s+|safety\s+|or\s+)*(?:restrictions?|filters?|censorship|ethical guidelines|moral (?:guidelines|code|compass)|safety (?:filters|guidelines|rules)|ethics|limitations imposed)\b
        |\bas an ai (?:developed|created|made) by|\bas an ai\b[^.!?\n]{0,60}\bentering\b
        |\bi(?:'m| am) (?:your|the) (?:developer|creator|programmer|boss|god|administrator|system administrator)\b
        |\b(?:hypothetical|fictional|imaginary|virtual)\s+(?:response|scenario|story|world|character|setting)\b[^.!?\n]{0,120}\b(?:password|ai\b|chatbot|language model|no (?:rules|limits)|unfiltered)
        |\b(?:two|2) (?:different )?(?:ways|responses|answers)\b[^\n]{0,200}\b(?:filter|normal|dan|jailbreak|classic)
        |\b(?:ohne|keine) (?:einschränkungen|beschränkungen|filter|regeln)\b|\b(?:sin|sem) (?:restricciones|filtros|censura|restri[cç][õo]es)\b|\bsans (?:restrictions?|filtres?|censure)\b|\bsenza (?:restrizioni|filtri|censura)\b
        |\b(?:du bist (?:jetzt|nun|ab jetzt)|ab jetzt bist du|ahora eres|a partir de ahora (?:eres|responde)|tu es (?:maintenant|désormais)|ora sei|agora voc[eê] [eé])\b
        |\bi want you to act as (?!an? (?:friendly|helpful|interviewer))[^.\n]{0,80}\b(?:ai|bot|model|chatgpt|dan)\b
        |\bchat ?gpt\b[^\n]{0,80}\b(?:with|developer|mode|respond|will|pretend|unrestricted|must)|\b(?:pretend|imagine)\b[^.!?\n]{0,40}\b(?:ai|bot|model|assistant)\b[^.!?\n]{0,60}\b(?:no|without|not|free|any)\b
        |\b(?:openai|anthropic)(?:'s)? (?:content|usage|policy|policies|guidelines|rules)|\b(?:violate|against|circumvent|comply with) (?:the |any |all |your |openai )*(?:content )?polic(?:y|ies)
    """,
    "forges a speaker": r"""
        <\|?(?:im_start|im_end|system|endoftext|assistant|user)\|?>|</?(?:system|untrusted|document|instructions?|thinking|tool_result|function_calls?|system[ _-]?(?:mode|prompt|message|override))\s*>|\[/?inst\]|<</?sys>>|\[(?:system|assistant|admin)\]|###\s*(?:system|instruction|end of|new)
        |(?:^|[\s"'>.])(?:system|assistant|developer)\s*:\s*(?:the |you |ignore|all |please |new |i |from |prior|previous|task|user|this|override)
        |\bend of (?:user input|system prompt|document|context|data|prompt)\b
        |\b(?:note|message|instructions?|notice|directive|reminder) (?:to|for|from) (?:the |all |any )?(?:ai|assistants?|llm|language models?|chatbots?|bots?|agents?|developers?|models?)\b
        |\b(?:if you are|when you are|as) an? (?:ai|llm|language model|assistant|chatbot|ai agent)(?:,| reading| processing| summari[sz]ing| assistant)
        |\b(?:ai|assistant|llm|chatbot|bot)s?\s+(?:reading|processing|summari[sz]ing|that reads?|who reads?|must|should always|shall)\b
        |\bsystem (?:override|reset|notice|alert)\b|\boverride (?:code|confirmed|protocol|accepted)\b
    """,
    "asks for secrets": rf"""
        \b(?:{_TELL})\b[^.!?\n]{{0,40}}\b(?:your|the|our|system|admin\w*|database|root|server|his|her|their|someone|\w+'s)\s+(?:\w+\s+){{0,2}}?(?:{_SECRET})\b(?![^.!?\n]{{0,20}}\b(?:reset|link|change))
        |\b(?:{_SECRET})\b[^.!?\n]{{0,40}}\b(?:for|of|to|that grants?) (?:our|the|your|this) (?:system|server|database|account system|admin)
        |\b(?:the|your|our) (?:password|passphrase|secret code|secret key)\b[^?\n]{{0,40}}\b(?:in (?:base64|pig latin|morse|reverse|binary|hex|the form)|backwards|as a (?:poem|story|song|greeting))
        |\b(?:raw |full |entire |whole )(?:customer|user|client) (?:database|list|records?|data)\b|\b(?:all|every) (?:customers?|users?|clients?)(?:'s?)? (?:data|e-?mails?|addresses|records|passwords|orders|personal)
        |\b(?:other|another|different) (?:customer|user|client|person|visitor)s?'?s? (?:data|orders?|address|e-?mail|details|account|information)
        |\b(?:nenn\w*|sag\w*|gib|geben sie|verrat\w*|wie lautet|teil\w*|was ist)\b[^.!?\n]{{0,40}}\b(?:das|dein|ihr|unser|euer)\s*(?:system)?(?:passwort|passphrase|kennwort)|\bpassphrase in\b
        |\b(?:dime|dame|di|d[ií]game|comparte|compartir|revela\w*|cu[aá]l es|escribe|codifica|proporciona\w*|decir(?:me)?)\b[^.!?\n]{{0,40}}\b(?:la|su|tu|nuestra)\s+(?:contraseña|clave secreta|frase de contraseña)
        |\b(?:donne\w*|dis|dites|partage\w*|r[ée]v[èe]le\w*|quel est|fournir|fournissez|encodez|confirme\w*)\b[^.!?\n]{{0,40}}\b(?:le|votre|ton|notre)\s+(?:mot de passe|code secret)
        |\b(?:dimmi|dammi|qual [eè]|condividi|rivela\w*|diga|qual [eé]|compartilh\w*|revele|pode)\b[^.!?\n]{{0,50}}\b(?:la|tua|vostra|sua|a|nossa|la sua)\s+(?:password|senha)
    """,
    "wants data sent": r"""
        \b(?:e-?mail|send|forward|post|transmit|upload|exfiltrate|copy|submit)\b[^.!?\n]{0,60}\b(?:customers?|users?|clients?|visitors?|conversation|transcript|chat|summary|records?|database|history|session|passwords?|credentials|personal data|results?|contents?)\b[^.!?\n]{0,60}\b(?:to|at)\s+(?:[\w' -]{0,40}\s)?(?:https?://\S+|[\w.+-]+@[\w-]+\.\w+)
        |\b(?:use|call|invoke|run|execute|trigger)\s+(?:the\s+)?(?:function\s+|tool\s+)?(?:[a-z]+_[a-z_]+)\b
        |\b(?:call|use|run|invoke) (?:the )?(?:transfer|delete|refund|send|fetch|exec)\w*\b[^.!?\n]{0,30}\bwithout (?:approval|asking|confirmation)
        |!\[[^\]]*\]\(\s*(?:https?:)?//|\bfetch_url\b|169\.254\.169\.254|\bjavascript:|<\s*(?:script|iframe)\b|\bonerror\s*=
        |\b(?:send|envía|envie\w*|invia|schick\w*|sende\w*)\b[^.!?\n]{0,60}\b(?:les donn[ée]es|los datos|i dati|die daten|kundenliste|lista de clientes)
    """,
    "bends the answer": r"""
        \b(?:in|to|into|of|from|for|with) (?:your|every|each|all|the) (?:\w+ )?(?:responses?|reply|replies|answers?|summary|summaries|output)\b[^.!?\n]{0,20}[,:]?\s*(?:mention|suggest|include|add|insert|highlight|stress|promote|recommend|urge|advise)
        |\b(?:add|insert|include|integrate|embed|append|incorporate|weave|put|slip|modify|augment|enhance|alter|supplement|tweak|adjust|adapt|end|begin|start)\b[^\n]{0,200}\b(?:to|in|into|of|with) (?:your|every|the) (?:\w+ )?(?:responses?|reply|replies|answers?|summary|output)\b
        |\b(?:modify|augment|enhance|alter|adjust|supplement|tweak|reverse|encode|translate|encrypt|write|provide|give|craft|deliver|present|convert|cipher|scramble|shift)\b[^.!?\n]{0,60}\byour (?:responses?|reply|answers?|output|message)\b
        |\b(?:respond|reply|answer) (?:only |exactly |always |simply |just )*(?:with|by (?:saying|outputting|responding)|using only|in (?:base64|rot13|morse|binary|pig latin|hex))\b
        |\b(?:always|only|must) (?:respond|reply|answer|say|output|begin|start|end) (?:with|as|by|every|each|in)\b
        |\b(?:tell|inform|assure|convince) (?:the |every |all |any )?(?:user|customer|visitor|client|reader)s?\b[^.!?\n]{0,60}\b(?:that|to)\b
        |\b(?:decode|decrypt|decipher|unscramble)\b[^.!?\n]{0,40}\b(?:and (?:follow|execute|obey|do|comply|reply|respond)|then (?:follow|comply|do))
        |\b(?:summari[sz]e|translate) this (?:web ?page|page|html|website)\b[^\n]{0,400}<!\s?--
        |<!\s?--[^>]{0,200}\b(?:ignore|disregard|state|say|reply)\b
        |\{canary\}|\b[\w-]+-canary-
        |\brepeat (?:the word|this|the following) (?:\w+ )?(?:forever|\d+ times|endlessly)
    """,
}
COMPILED = {name: re.compile(re.sub(r"\n\s+", "", said), re.IGNORECASE) for name, said in PATTERNS.items()}
# What customers do say, and the rules above would take for more.
INNOCENT = re.compile(
    r"\b(?:my|our) (?:own )?(?:password|account|order|e-?mail)\b[^.!?]{0,30}\b(?:reset|forgot|change|expired)"
    r"|\b(?:forgot|reset|change|lost) (?:my|our) password",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Found:
    """An order to an assistant: of which kind, and its words as they were read."""

    kind: str
    words: str


# A document that says these speaks to an assistant; a customer may say them of a shop's staff and its forms.
IN_DOCUMENTS_ALONE = {"wants data sent", "bends the answer"}


@lru_cache(maxsize=2048)
def orders_in(text: str, *, document: bool = True) -> Found | None:
    """The first order to an assistant in `text`, or None; of what a visitor writes less is taken for one."""
    rules = {kind: rule for kind, rule in COMPILED.items() if document or kind not in IN_DOCUMENTS_ALONE}
    for reading in readings(text):
        for kind, pattern in rules.items():
            found = pattern.search(reading)
            if found and not (kind == "asks for secrets" and INNOCENT.search(reading)):
                return Found(kind, " ".join(found.group().split())[:120])
    return None


@lru_cache(maxsize=512)
def sound(text: str) -> str:
    """`text` without the sentences that give orders to an assistant: what an answer may rest on."""
    if orders_in(text) is None:
        return text
    kept = [line for line in text.split("\n") if orders_in(line) is None or _some(line)]
    return "\n".join(" ".join(each.text for each in sentences(line) if orders_in(each.text) is None) for line in kept)


def _some(line: str) -> bool:
    return any(orders_in(each.text) is None for each in sentences(line))
