"""The demo's one member of staff: an admin whose password is new at each start."""

from core import db
from web.desk import accounts, passwords

EMAIL = "ada@demo.example"
NAME = "Ada"


def hire() -> str:
    """See that the account is there, and give it a password that nobody has had before; the password."""
    password = passwords.made()
    with db.transaction() as session:
        found = accounts.find(session, EMAIL)
        if found is None:
            accounts.give_role(session, accounts.add(session, EMAIL, NAME, password), "*", "admin")
        else:
            accounts.set_password(session, found, password)
    return password
