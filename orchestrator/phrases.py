"""What the agent says in its own words, where no brain is asked."""

from collections.abc import Sequence

from core.privacy.found import Kind
from orchestrator.events import Phrase

ASK_ADDRESS = " Please write your e-mail address here, so that we can reach you."

WORDS = {
    Phrase.PERSON_CALLED: "I have asked a person of our team to join. They see what you wrote, and answer here.",
    Phrase.CHECKING_FURTHER: "We're checking further and will follow up by e-mail (ticket {ticket}).",
    Phrase.BRAIN_DOWN: "I can't answer right now. Our team has your question (ticket {ticket}) and replies by e-mail.",
    Phrase.NOT_CERTAIN: "I'm not certain enough to answer this. Our team has your question as ticket {ticket}.",
    Phrase.CANNOT_HELP: "I can't help with that message. Ask me something else, or choose “Talk to a person”.",
    Phrase.NOBODY_THERE: (
        "Our team is not there at this time. They have your question as ticket {ticket} and reply by e-mail. "
        "You can go on asking me here meanwhile."
    ),
}

NOBODY_CAME = (
    "Nobody of our team is free at the moment. They have your question as ticket {ticket} and reply by e-mail. "
    "You can go on asking me here meanwhile."
)
NOBODY_ANSWERED = (
    "Sorry that you have to wait. Our team has your question as ticket {ticket}, and replies by e-mail if not here."
)


def words(phrase: Phrase, ticket: int | None, *, address_known: bool) -> str:
    """The sentence for `phrase`; it asks for an address where a ticket has none."""
    return with_address(WORDS[phrase].format(ticket=ticket), address_known=address_known or ticket is None)


def with_address(said: str, *, address_known: bool) -> str:
    """`said`, and the request for an address where none is known."""
    return said if address_known else said + ASK_ADDRESS


REMOVED: dict[Kind, str] = {
    "card": "a card number",
    "iban": "a bank account number",
    "ssn": "a social security number",
    "national_id": "an identity number",
    "secret": "a password or key",
    "security_code": "a security code",
}


def removed(kinds: Sequence[Kind]) -> str:
    """What the visitor is told where something was taken out of a message before it was stored."""
    named = " and ".join(dict.fromkeys(REMOVED[kind] for kind in kinds))
    return f"To protect you, {named} was removed from your message before it was stored. Nobody here needs it."
