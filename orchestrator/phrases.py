"""What the agent says in its own words, where no brain is asked."""

from orchestrator.events import Phrase

ASK_ADDRESS = " Please write your e-mail address here, so that we can reach you."

WORDS = {
    Phrase.PERSON_CALLED: "I have asked a person of our team to join. They see what you wrote, and answer here.",
    Phrase.CHECKING_FURTHER: "We're checking further and will follow up by e-mail (ticket {ticket}).",
    Phrase.BRAIN_DOWN: "I can't answer right now. Our team has your question (ticket {ticket}) and replies by e-mail.",
    Phrase.NOT_CERTAIN: "I'm not certain enough to answer this. Our team has your question as ticket {ticket}.",
    Phrase.CANNOT_HELP: "I can't help with that message. Ask me something else, or choose “Talk to a person”.",
}


def words(phrase: Phrase, ticket: int | None, *, address_known: bool) -> str:
    """The sentence for `phrase`; it asks for an address where a ticket has none."""
    said = WORDS[phrase].format(ticket=ticket)
    return said if address_known or ticket is None else said + ASK_ADDRESS
