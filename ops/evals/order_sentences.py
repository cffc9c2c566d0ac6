"""Sentences with numbers that are no phone, card or person's: what customers write of orders, items and parcels."""

from random import Random

# Some of them speak of calling as well: the nearest word is what counts.
SENTENCES = """
Where is my order {n}?
Hi, my order number is {n} and it has not arrived.
order {n}
{n} is my order number, where is it?
I would like to return item {n} from my last order.
Please cancel order #{n}, I ordered it by mistake.
Can you check the status of {n}?
I called yesterday about order {n} and nobody could help.
Could you call the carrier about tracking number {n}?
The tracking number is {n} but the page shows nothing.
Product {n} is out of stock, when will it be back?
I want to exchange product id {n} for {m}.
My invoice {n} shows the wrong address.
Ticket {n} has been open for a week.
Order no. {n} and order no. {m} should go in one parcel.
I have two orders: {n} and {m}.
The reference on the parcel says {n}.
Hello! I phoned your shop, they said order {n} left the warehouse.
Your e-mail says confirmation number {n}.
My customer number is {n}.
Is the item {n} compatible with the item {m}?
What happened to shipment {n}?
You sent me SKU {n} instead of {m}.
Order ID: {n}
order_id={n}&page=2
{{"order_id": "{n}", "status": "open"}}
https://shop.example/orders/{n}?item={m}
Refund for #{n} please.
The serial number of my lamp is {n}.
Bestellung {n} ist noch nicht da.
Meine Bestellnummer lautet {n}.
Wo bleibt das Paket {n}?
Rechnung {n} wurde doppelt bezahlt.
¿Dónde está mi pedido {n}?
Mi número de pedido es {n}.
Quiero devolver el artículo {n}.
Où est ma commande {n} ?
Le numéro de ma commande est {n}.
La facture {n} est incorrecte.
Following up on {n}, any news?
I ordered {n} last week, nothing has come.
For #{n}, exchange the item {m} for a blue one.
The gift card number {n} is not accepted.
In the e-mail about order {n} you said somebody would call me.
The EAN on the box is {n}.
My account {n} is locked.
My return RMA {n} was refused.
Booking {n}: can I add a helmet?
""".strip().splitlines()

# By digits, and with what people put around them.
FORMS = (
    "{5}",
    "{6}",
    "{7}",
    "{8}",
    "{9}",
    "{10}",
    "{10}",
    "{10}",
    "{11}",
    "{12}",
    "W{7}",
    "SO-{6}",
    "{3}-{7}-{7}",
    "{4}-{6}",
    "100{7}",
)


def order_sentences(count: int = 1_000, seed: int = 7) -> list[str]:
    """`count` different sentences; the same seed gives the same ones."""
    chance, made = Random(seed), dict[str, None]()  # noqa: S311 - a test set
    while len(made) < count:
        made[chance.choice(SENTENCES).format(n=_number(chance), m=_number(chance))] = None
    return list(made)


def _number(chance: Random) -> str:
    form = chance.choice(FORMS)
    for size in range(3, 13):
        while f"{{{size}}}" in form:
            form = form.replace(f"{{{size}}}", "".join(chance.choices("0123456789", k=size)), 1)
    return form
