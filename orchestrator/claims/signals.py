"""Small words that turn a sentence round, by what they mean, in English, German, Spanish and French; folded."""

from functools import cache

# A negation or a condition counts where it stands: the same clause of the evidence must have one of the same kind.
_KINDS = {
    "not": """
        not no never none nobody nothing neither nor without cannot cant wont dont doesnt didnt isnt arent wasnt werent
        shouldnt mustnt neednt havent hasnt hadnt couldnt wouldnt unable impossible refuse refuses refused forbidden
        prohibited
        nicht kein keine keinen keinem keiner keines nie niemals nichts niemand ohne weder verboten unmoglich
        nunca jamas ningun ninguna ninguno nadie nada sin tampoco prohibido imposible
        ne n pas jamais aucun aucune rien personne sans interdit impossible""",
    "only": """
        only solely exclusively nur ausschliesslich lediglich solo solamente unicamente exclusivamente seulement
        uniquement exclusivement""",
    "unless": "unless except excepting excluding ausser ausgenommen salvo excepto sauf excepte hormis",
    "even": "even regardless irrespective whether selbst sogar unabhangig incluso aunque meme peu",
    "if": """
        if when whenever provided providing once wenn falls sofern sobald solange si cuando siempre
        quand lorsque lorsqu condition""",
    "before": "before prior vor vorher bevor antes avant",
    "after": "after afterwards later following nach nachher danach nachdem despues tras apres",
    "within": "within inside innerhalb binnen dentro dans",
    "until": "until till bis hasta jusqu jusque",
    "from": "from since starting ab seit desde depuis partir",
    "over": "over above exceeding beyond uber mehr mas superior dessus plus",
    "under": "under below beneath unter weniger menos inferior dessous moins",
    "more": "more mehr mas plus",
    "less": "less fewer weniger menos moins",
    "least": "minimum least mindestens minimo minimum min",
    "most": "maximum most hochstens maximal maximo maxi max",
    "all": "all every each any always everything everyone alle allen aller alles jede jeder jedes jeden immer todo todos toda todas cada siempre tout tous toute toutes chaque toujours",
    "some": "some sometimes certain einige manche manchmal algunos algunas certains certaines parfois",
    "must": "must required obligatory mandatory shall muss mussen pflicht debe deben obligatorio doit doivent devez obligatoire",
    "may": "may might optional optionally darf durfen kann konnen puede pueden opcional peut peuvent pouvez facultatif",
    "both": "both beide beiden ambos ambas deux",
    "either": "either entweder cualquiera",
    "free": "free kostenlos kostenfrei gratis umsonst gratuito gratuita gratuit gratuite gratuitement",
    "charged": "charge charged charges fee fees costs kostenpflichtig gebuhr payant frais cargo",
    "include": "include includes included including inklusive enthalten incluye incluido incluida inclus incluse comprend",
    "exclude": "exclude excludes excluded excluding exklusive excluye excluido excluida exclus exclue",
    "open": "open opens opened offen geoffnet abierto abierta abren ouvert ouverte ouvrons",
    "closed": "closed close closes shut geschlossen cerrado cerrada cierra ferme fermee",
    "first": "first erste ersten erster primero primera premier premiere",
    "last": "last letzte letzten letzter ultimo ultima dernier derniere",
    "larger": "larger bigger longer higher heavier grosser langer hoher schwerer mayor plus",
    "smaller": "smaller shorter lower lighter kleiner kurzer niedriger leichter menor moins",
    "same": "same identical gleich gleiche gleichen selbe mismo misma meme",
    "other": "different another anders andere anderen otro otra diferente autre different",
    "ours": "our ours unser unsere unseren unserem nuestro nuestra notre",
    "yours": "your yours ihr ihre ihren ihrem dein deine su sus tu votre vos ton",
    "online": "online internet en-ligne",
    "store": "store shop shops stores laden filiale tienda magasin boutique",
}  # fmt: skip

# Several words that mean one of these kinds: each is read as the word behind it.
PHRASES = {
    r"not only|nicht nur|no solo|pas seulement": "also",
    r"at least|no less than|no fewer than|al menos|por lo menos|au moins|pas moins de": "minimum",
    r"at most|up to|no more than|at the most|bis zu|como maximo|hasta un|au plus|au maximum|jusqu['’]à": "maximum",
    r"no later than|not later than|spätestens|a más tardar|au plus tard": "until",
    r"as long as|provided that|on condition that|à condition que|siempre que|a condición de que": "provided",
    r"even if|even when|even though|auch wenn|selbst wenn|aunque|incluso si|même si": "even",
    r"other than|apart from|es sei denn|a menos que|à moins que|con excepción de|à l['’]exception de": "except",
    r"need not|needn['’]t|(?:do|does) not have to|(?:do|does)n['’]t have to|(?:do|does) not need to": "optionally not",
    r"no longer": "not",
    r"(?:at )?no (?:extra |additional )?(?:charge|cost)|at no cost|free of charge|for free": "free",
    r"united kingdom|great britain": "UK",
    r"european union": "EU",
}

# These say something by themselves as well.
SPEAKING = frozenset({"free", "charged", "include", "exclude", "open", "closed", "online", "store", "larger", "smaller"})

# What can't both be meant: one in the answer and the other in its place in the evidence is a change.
_OPPOSITES = """
before after; within after; within before; until from; over under; more less; least most; all some; must may;
both either; free charged; include exclude; open closed; first last; larger smaller; same other; before until;
after until; if unless; ours yours; within over
"""

# Of each list one thing is meant: another one of it in the place of the first is a change.
_CONTRASTS = """
second seconds; minute minutes; hour hours; day days; week weeks; month months; year years; night nights
sekunde sekunden; minute minuten; stunde stunden; tag tage tagen; woche wochen; monat monate monaten; jahr jahre jahren
segundo segundos; minuto minutos; hora horas; dia dias; semana semanas; mes meses; ano anos
seconde secondes; minute minutes; heure heures; jour jours; semaine semaines; mois; an ans annee annees
monday mon; tuesday tue; wednesday wed; thursday thu; friday fri; saturday sat; sunday sun
montag; dienstag; mittwoch; donnerstag; freitag; samstag; sonntag
lunes; martes; miercoles; jueves; viernes; sabado; domingo
lundi; mardi; mercredi; jeudi; vendredi; samedi; dimanche
january jan; february feb; march; april apr; june; july; august aug; september sep; october oct; november nov; december dec
januar; februar; marz; april; mai; juni; juli; august; september; oktober; november; dezember
enero; febrero; marzo; abril; mayo; junio; julio; agosto; septiembre; octubre; noviembre; diciembre
janvier; fevrier; mars; avril; mai; juin; juillet; aout; septembre; octobre; novembre; decembre
gram grams g; kilogram kilograms kg; tonne tonnes; ounce ounces oz; pound pounds lb
millimetre millimetres mm; centimetre centimetres cm; metre metres m; kilometre kilometres km; mile miles; inch inches
millilitre millilitres ml; litre litres l
red; blue; green; black; white; yellow; orange; grey gray; brown; purple; pink
today; tomorrow; yesterday
morning; afternoon; evening
spring; summer; autumn; winter
"""

# Words for numbers: the same as their figures. "one", "un", "eine" are too often articles.
_NUMBERS = """
2 two zwei dos deux; 3 three drei tres trois; 4 four vier cuatro quatre; 5 five funf cinco cinq; 6 six sechs seis;
7 seven sieben siete sept; 8 eight acht ocho huit; 9 nine neun nueve neuf; 10 ten zehn diez dix; 11 eleven elf
onze; 12 twelve zwolf doce douze; 14 fourteen vierzehn catorce quatorze; 15 fifteen funfzehn quince quinze; 20 twenty
zwanzig veinte vingt; 30 thirty dreissig treinta trente; 40 forty; 50 fifty; 60 sixty; 90 ninety; 100 hundred
"""

# One may stand for another: the words in which shops and their customers say the same thing.
_SAME = """
buy bought purchase purchased purchases purchasing; parcel parcels package packages packet shipment;
deliver delivered delivery ship shipped shipping shipment dispatch dispatched; send sent post posted mail mailed return;
get gets got receive receives received obtain; item items product products article articles thing things goods;
shop shops store stores branch; customer customers buyer; cost costs price prices priced;
need needs require requires required necessary; choose pick select; ask request; keep hold; begin start starts begins;
repair repairs repaired fix fixed mend mended; help assist support; phone telephone call ring; email e-mail mail write;
money refund refunded; bring give back return returned; rucksack rucksacks backpack backpacks; quick quickly fast faster;
show shows display displays; end ends ended finish finishes; broken damaged; reply replies answer answers respond;
hire hired rent rented rental; change changes changed alter; cancel cancelled cancellation cancelling;
large big; use used using; allow allowed permitted; box packaging pack packed; about around roughly approximately;
last lasts; people persons person; page website site; reach contact; valid apply applies applicable; lose lost;
pay paid payment pays; unbroken intact undamaged; order orders ordered ordering placed; take takes; open opening; weigh weighs weight; measure measures; cover covers covered;
warranty guarantee guaranteed; voucher vouchers coupon; postage shipping; size sizes; colour color colours;
kaufen gekauft erworben erwerben; paket pakete sendung; lieferung versand geliefert liefern verschickt; artikel ware produkt;
rucksenden zuruckgeben zuruckschicken ruckgabe rucksendung retoure; kosten preis; erhalten bekommen;
comprar comprado adquirir; paquete envio pedido; articulo producto; devolver devolucion; precio coste cuesta;
acheter achete; colis paquet; livraison envoi expedition; article produit; retour retourner renvoyer; prix coute
"""

# They neither claim nor change anything: an answer may add them.
HARMLESS = frozenset(
    """
    a an the and or but of to in on at by for with as is are was were be been being it its this that these those there
    they them their he she his her i we you who which what so also too then than do does did has have had will would can
    could should please yes yeah sure note unfortunately otherwise additionally currently just simply indeed therefore however moreover about around into out up
    der die das ein eine einen einem einer und oder aber von zu im in an auf bei mit als ist sind war es sie er wir ich
    dass auch so dann ja bitte den dem des fur wird werden hat haben man
    el la los las un una unos y o pero de del al en por para con como es son era se lo le que tambien si
    le la les un une des et ou mais du de au aux en par pour avec comme est sont c ce cet cette il elle on nous vous
    que qui aussi oui d l s qu j
    """.split()
)


@cache
def kinds() -> dict[str, frozenset[str]]:
    """Word → what it does to a sentence."""
    found: dict[str, set[str]] = {}
    for kind, listed in _KINDS.items():
        for word in listed.split():
            found.setdefault(word, set()).add(kind)
    return {word: frozenset(meant) for word, meant in found.items()}


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Kind → the kinds that it can't stand for."""
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.replace("\n", " ").split(";"):
        one, other = pair.split()
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {kind: frozenset(others) for kind, others in found.items()}


@cache
def contrasts() -> dict[str, tuple[tuple[int, str], ...]]:
    """Word → the lists that it is in, and as which of their things."""
    found: dict[str, list[tuple[int, str]]] = {}
    for at, line in enumerate(_CONTRASTS.strip().splitlines()):
        for things in line.split(";"):
            thing = things.split()[0]
            for word in things.split():
                found.setdefault(word, []).append((at, thing))
    return {word: tuple(places) for word, places in found.items()}


@cache
def alike() -> dict[str, str]:
    """Word → the first of those that it may stand for."""
    found: dict[str, str] = {}
    for group in _SAME.replace("\n", " ").split(";"):
        first, *others = group.split()
        for word in (first, *others):
            found.setdefault(word, first)
    return found


@cache
def numerals() -> dict[str, str]:
    """Word for a number → its figures."""
    listed = (each.split() for each in _NUMBERS.replace("\n", " ").split(";"))
    return {word: figures for figures, *words in listed for word in words}
