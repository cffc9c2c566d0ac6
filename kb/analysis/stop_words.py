"""Words that say nothing by themselves, by language; folded, as all words are."""

ENGLISH = """
a about above after again all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his how i if in
into is it its itself just me more most my myself no nor not now of off on once only or other our ours out over own
please same shall she should so some such than that the their theirs them then there these they this those through to
too under until up very was we were what when where which while who whom why will with would you your yours
"""
SPANISH = """
a al algo algun alguna algunas algunos ante antes aquel aquella aquellas aquello aquellos aqui asi aun aunque cada
como con contra cosa cual cuales cualquier cuando cuanta cuantas cuanto cuantos cuyo de debe deben del desde donde dos
durante e el ella ellas ello ellos en entre era eran eres es esa esas ese eso esos esta estaba estado estais estamos
estan estar estas este esto estos estoy fue fueron ha haber habia han has hasta hay he hemos la las le les lo los mas
me mediante mi mia mio mis mucha muchas mucho muchos muy nada ni no nos nosotras nosotros nuestra nuestras nuestro
nuestros o os otra otras otro otros para pero poco por porque pues puede pueden puedo que quien quienes se sea sean
segun ser si sido siendo sin sino sobre sois solo somos son soy su sus tal tambien tampoco tan tanto te tendra tenemos
tener tengo ti tiene tienen toda todas todo todos tu tus un una unas uno unos usted ustedes va vosotros vuestra
vuestro y ya yo
"""
GERMAN = """
ab aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus bei beim bin
bis bist bitte da dabei dadurch dafur dagegen daher damit dann daran darauf daraus darf das dass davon dazu dein deine
deinem deinen deiner dem den denen denn der deren des dessen deshalb dich die dies diese diesem diesen dieser dieses
dir doch dort du durch ein eine einem einen einer eines einige einigen er es etwas euch euer eure eurem euren eurer
fur gegen gibt hab habe haben hast hat hatte hatten hatt hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer
ihres im in indem ins ist ja jede jedem jeden jeder jedes jene jenem jenen jener kann kannst kein keine keinem keinen
keiner konnen konnte konnten konntet man manche mehr mein meine meinem meinen meiner meines mich mir mit muss mussen
musst nach nachdem nicht nichts noch nun nur ob obwohl oder ohne sehr sein seine seinem seinen seiner seines seit sich
sie sind so sobald solche solchen soll sollen sollte sollten sondern sonst soweit sowie uber um und uns unser unsere
unserem unseren unserer unter viel viele vielen vom von vor wahrend wann war waren warum was weil welche welchem
welchen welcher welches wem wen wenn wer werde werden wie wieder wieso will wir wird wirst wo wofur woher wohin wurde
wurden wurdet zu zum zur zwar zwischen
"""
FRENCH = """
a afin ai aie ainsi alors apres as au aucun aucune aussi autre autres aux avaient avait avant avec avez avoir avons
ayant bien car ce ceci cela celle celles celui certains ces cet cette ceux chaque chez ci combien comme comment d dans
de depuis des dessous dessus deux donc dont du durant elle elles en encore entre es est et etaient etait etant ete
etes etre eu eux fait faut fois font furent fut ici il ils j je jusqu jusque l la laquelle le lequel les lesquelles
lesquels leur leurs lors lorsque lui m ma mais malgre me meme memes mes moi moins mon n ne ni non nos notre nous on
ont ou par parce parmi pas pendant peu peut peuvent peux plus plusieurs pour pourquoi pouvez puis puisque qu quand que
quel quelle quelles quelque quelques quels qui quoi s sa sans se selon sera serait seront ses si soi soit sommes son
sont sous suis sur t ta tandis te tel telle telles tels tes toi ton tous tout toute toutes tres trop tu un une vers
via vos votre vous voici voila y
"""
STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(ENGLISH.split()),
    "es": frozenset(SPANISH.split()),
    "de": frozenset(GERMAN.split()),
    "fr": frozenset(FRENCH.split()),
}

# Not for searching, only for telling languages apart: their neighbours would be taken for one of the four. One a line.
_TELLTALE = """
it: il lo gli di che per con non una sono del della dei delle nel nella alla dal come anche piu questo questa se o e
pt: o os as um uma de do da dos das em no na nos nas que para com nao por mais como mas ao foi ele ela seu sua ou
nl: de het een van en in is dat op te zijn met voor niet aan er om ook als bij naar uit dan maar door over ze hij deze
sv: och att det som en pa ar av for med den till inte om ett har de i kan du vi jag din hur vad
da: og at det som en pa er af for med den til ikke om et har de i kan du vi jeg din hvordan hvad
pl: i w na z do nie sie jest to ze jak za od po przez dla czy co sa lub oraz jego tym
tr: ve bir bu icin ile da de ne gibi daha olarak cok nasil var mi en kadar sonra
cs: a v na se je ze s z do o to i za jak pro jsou ktery nebo jako co by
ro: si in de la cu nu este un o pe care din pentru ca sa mai ce sunt sau cum
id: yang dan di dari untuk dengan ini itu pada adalah tidak dalam akan apa atau anda bagaimana
vi: va cua la co cho khong nhung duoc mot trong cac voi nguoi nay
"""
TELLTALE: dict[str, frozenset[str]] = {line[:2]: frozenset(line[3:].split()) for line in _TELLTALE.strip().splitlines()}
