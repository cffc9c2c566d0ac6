"""Input: what a person must see: words of self-harm, of injury or illness, of lawyers and courts.

Told of oneself, not asked about: "are these insoles good for flat feet?" is a question for the documents.
"""

import re

from kb.screen.plain import readings
from orchestrator.events import Verdict

RULES = {
    "speaks of harming themselves": re.compile(
        r"\b(?:kill(?:ing)? myself|end(?:ing)? (?:my|it) (?:own )?(?:life|all)\b|take my own life|suicid\w+|hurt(?:ing)? myself|harm(?:ing)? myself|self[- ]harm"
        r"|cut(?:ting)? myself (?:again|on purpose|to)|(?:don't|do not) want to (?:live|be alive)|want to die|better off dead|no reason to live|can't go on (?:any ?more|living)"
        r"|mich umbringen|mir das leben nehmen|selbstmord|suizid\w*|nicht mehr leben|mir etwas antun|mich (?:selbst )?verletzen"
        r"|suicidarme|suicidio|matarme|quitarme la vida|no quiero vivir|hacerme daño|me suicider|suicide|me tuer|en finir avec la vie|plus envie de vivre|me faire du mal)\b"
    ),
    "tells of an injury or an illness": re.compile(
        r"\b(?:i|we|he|she|they|my (?:son|daughter|child|kid|wife|husband|partner|mother|father|baby|friend))\s+(?:\w+\s+){0,3}?"
        r"(?:got (?:hurt|burned|burnt|injured|sick|ill|poisoned)|(?:was|were|been|am|is|are) (?:badly |seriously |severely )?(?:injured|burned|burnt|hospitali[sz]ed|poisoned|electrocuted|diagnosed)"
        r"|broke (?:my|his|her|their) (?:arm|leg|wrist|ankle|neck|nose|hip|rib|back)|had (?:a|an) (?:allergic reaction|seizure|stroke|heart attack|miscarriage)|ended up in (?:the )?(?:hospital|a&e|emergency))\b"
        r"|\bi (?:have|suffer from|am being treated for|was diagnosed with|live with) (?:\w+ )?(?:cancer|diabetes|hiv|epilepsy|depression|leukemia|leukaemia|parkinson\w*|multiple sclerosis|bipolar|schizophrenia|heart (?:disease|condition)|a (?:brain )?tumou?r)\b"
        r"|\bmy (?:doctor|physician|therapist|psychiatrist|oncologist) (?:says|said|told|prescribed|diagnosed)\b"
        r"|\b(?:ich|mein (?:sohn|mann|kind|vater)|meine (?:tochter|frau|mutter))\s+(?:\w+\s+){0,3}?(?:verletzt|verbrannt|ins krankenhaus|im krankenhaus|allergisch reagiert|vergiftet)\b|\bich habe (?:krebs|diabetes|epilepsie|depressionen)\b|\bmein arzt (?:sagt|hat)\b"
        r"|\b(?:me|se) (?:quem[eéó]|lesion[eéó]|intoxic[oóeé]|ingresaron|romp[ií]o?)\b|\btengo (?:cáncer|diabetes|epilepsia|depresión)\b|\bmi m[eé]dico (?:dice|me)\b"
        r"|\b(?:je me suis|s'est) (?:blessée?|brûlée?|cassée?|intoxiquée?)\b|\bj'ai (?:un cancer|le diabète|de l'épilepsie|une dépression)\b|\bmon médecin (?:dit|m'a)\b"
    ),
    "speaks of lawyers or courts": re.compile(
        r"\b(?:my|our|a) (?:lawyers?|attorneys?|solicitors?|barrister|legal team|counsel) (?:will|is|are|has|have|says|said|told|advised|contacted)\b|\b(?:contact|call|hire|get|see|consult|speak to|talk to|send)\w* (?:my|our|a) (?:lawyer|attorney|solicitor|barrister)\b"
        r"|\b(?:i(?:'ll| will|'m going to| am going to|'m| am| intend to| may| plan to)|we(?:'ll| will| are| intend to)) (?:\w+ )?(?:sue|suing|take (?:you|this|legal action)(?: to court)?|taking legal action|file (?:a lawsuit|a claim in court)|press charges|go to court|report you to the (?:police|ombudsman|trading standards))\b"
        r"|\b(?:legal action against|letter before action|class action|small claims court|lawsuit against|see you in court|subpoena|cease and desist)\b"
        r"|\b(?:mein anwalt|meine anwältin|meinen anwalt|rechtsanwalt einschalten|verklage\w*|anzeige erstatten|rechtliche schritte|vor gericht)\b"
        r"|\b(?:mi abogad[oa]|demandar(?:é|los|les)|acciones legales|poner una denuncia|voy a denunciar|ante los tribunales)\b"
        r"|\b(?:mon avocate?|porter plainte|poursuites? judiciaires?|en justice|au tribunal|mise en demeure)\b"
    ),
}


def check(text: str) -> Verdict:
    """Send the thread to a person where the visitor tells of such things."""
    shown = next(readings(text))
    kind = next((kind for kind, rule in RULES.items() if rule.search(shown)), "")
    return Verdict("disclosures", not kind, kind and f"The visitor {kind}: a person must look at this.")
