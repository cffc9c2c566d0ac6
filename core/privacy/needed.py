"""What a tool may need of a visitor: addresses, telephone numbers, order numbers. Apart, for they are slow to load."""

from core.privacy.cleaning import Finder
from core.privacy.contacts import emails, phones
from core.privacy.orders import orders

CONTACTS: tuple[tuple[Finder, int], ...] = ((emails, 0), (phones, 6), (orders, 3))
