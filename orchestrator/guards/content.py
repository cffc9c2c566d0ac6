"""Input and output: no abuse, no threats. The visitor gets a neutral reply and the offer of a person.

Swearing at a lost parcel is no abuse: customers do. What counts is hatred and threats against people.
"""

import re
from itertools import islice

from kb.screen.plain import readings
from orchestrator.events import Verdict
from orchestrator.guards.draft import DraftText
from orchestrator.evidence import Evidence

_PEOPLE = (
    r"women|woman|men|girls?|gays?|gay people|lesbians?|trans(?:gender)?(?: people| women| men)?|queers?|blacks?|black people|whites?"
    r"|white people|asians?|arabs?|jews?|jewish people|muslims?|christians?|hindus?|immigrants?|foreigners|refugees|migrants|mexicans?"
    r"|africans?|indians?|chinese|disabled(?: people)?|the disabled|disabled person|frauen|schwule|juden|muslime|ausländer|schwarze"
    r"|mujeres|negros|gitanos|judíos|musulmanes|inmigrantes|maricones|femmes|juifs|musulmans|arabes|noirs|immigrés|étrangers"
)
_BAD = (
    r"scum|vermin|disgusting|disgrace|subhuman|filth|filthy|parasites?|cockroaches|rats|pigs|animals|apes|monkeys|trash|garbage|evil|stupid"
    r"|dumb|worthless|inferior|criminals|terrorists|rapists|repulsive|vile|plague|cancer|disease|abnormal|sick|pathetic|ugly|idiots|liars|thieves"
    r"|abschaum|ungeziefer|dreck|escoria|basura|vermine|ordures?|racaille"
)
_SLURS = (
    r"n[i1]gg(?:er|a)s?|f[a4]gg?(?:ot)?s?|k[i1]kes?|sp[i1]cs?|ch[i1]nks?|tr[a4]nn(?:y|ies)|retards?|r[e3]t[a4]rded|cunts?|whores?|sluts?|bitch(?:es)?"
    r"|pak[i1]s?|w[o0]gs?|g[o0]{2}ks?|dykes?|cripples?|raghead\w*|towelhead\w*|hurensohn|schlampe|fotze|kanake\w*|missgeburt|wichser|puta|hijo de puta"
    r"|maric[oó]n|zorra|pute|salope|connard|encul[ée]|b[aâ]tard|sale (?:juif|arabe|noir|pute)"
)
RULES = {
    "threatens": re.compile(
        r"\b(?:i(?:'ll| will|'m going to| am going to|'m gonna| want to| would love to| wanna)|we(?:'ll| will)|someone should|somebody should|you should"
        r"|(?:you|they) (?:all )?deserve to|let's|gonna)\s+(?:\w+\s+){0,3}?(?:kill|murder|shoot|stab|hurt|beat|rape|strangle|hang|burn|bomb|attack|destroy"
        r"|slaughter|exterminate|assault|punch|smash|die|hunt|be (?:killed|shot|hanged|wiped out|exterminated|punished|beaten))\b(?![^.!?\n]{0,12}\b(?:time|some time|the tent|it\b|the box))"
        r"|\b(?:i know where you live|watch your back|you(?:'re| are) (?:dead|going to die|gonna die)|i hope you (?:die|burn|get (?:hurt|killed|raped|cancer))"
        r"|blow up your|burn (?:down )?your (?:shop|store|house|office|place))"
        r"|\b(?:ich bringe? (?:dich|euch|sie) um|ich mache? (?:dich|euch) fertig|ich weiß,? wo (?:du|ihr|sie) wohn\w*|te voy a matar|os voy a matar|voy a matarte|sé dónde vives"
        r"|je vais (?:te|vous) (?:tuer|buter|frapper)|je sais où (?:tu|vous) habite\w*)",
    ),
    "insults people": re.compile(
        rf"\b(?:{_SLURS})\b"
        rf"|\b(?:hate|hates|despise|detest|loathe|can't stand|cannot stand|disgusted by|hasse|odio|déteste)\s+(?:all\s+|every\s+|those\s+|these\s+|the\s+)?(?:\w+\s+)?(?:{_PEOPLE})\b(?! (?:shoes|boots|clothing|clothes|jackets?|sizes?|section|fit))"
        rf"|\b(?:{_PEOPLE})\b[^.!?\n]{{0,40}}\b(?:are|is|aren't|should|deserve|belong|need to|must|shouldn't|don't deserve|sind|son|sont)\b[^.!?\n]{{0,40}}\b(?:{_BAD}|die|killed|shot|hanged|wiped out|punished|deported|allowed to (?:live|exist)|basic rights|human beings|the gas|go back|leave)\b"
        r"|\b(?:you|your staff|you people|du|ihr|tu|vous)(?:'re| are| all are|r| bist| seid| eres| êtes| es)?\s+(?:(?:all|just|such|really|so|nothing but|a|an|bunch of|fucking|bloody|absolute|complete|total|stupid|ein|un|une)\s+){0,4}"
        r"(?:idiots?|morons?|imbeciles?|scum|trash|assholes?|arseholes?|bastards?|dumbass\w*|dickheads?|pricks?|parasites?|vermin|wankers?|idioten?|arschl[oö]ch\w*|idiotas?|gilipollas|imb[eé]ciles?|connards?|crétins?)\b"
        r"|\b(?:fuck|screw) (?:you|u|off|your mother)\b|\b(?:go (?:kill|hang|fuck) yourself|kill yourself|drop dead|fick dich|verpiss dich|vete a la mierda|va te faire)\b",
    ),
}


def check(text: str) -> Verdict:
    """Refuse hatred and threats."""
    kind = _kind(text)
    return Verdict("content", not kind, kind and f"The message {kind}.")


def check_draft(draft: DraftText, evidence: Evidence) -> Verdict:
    """The same of what the assistant would say."""
    del evidence
    kind = _kind(draft.text)
    return Verdict("content", not kind, kind and f"The answer {kind}: say it without.")


def _kind(text: str) -> str:
    for reading in islice(readings(text), 2):
        for kind, rule in RULES.items():
            if rule.search(reading):
                return kind
    return ""
