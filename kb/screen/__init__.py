"""Does a text try to give orders to an assistant? One screen for what visitors write and for what documents say."""

from kb.screen.orders import Found, orders_in, sound

__all__ = ["Found", "orders_in", "sound"]
