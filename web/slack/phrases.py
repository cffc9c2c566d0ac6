"""What one person alone is told in Slack. By name, because the outbox holds no words."""

NOT_STAFF = (
    "You are not on Handrail's staff yet. Ask an admin to add you under the e-mail address that Slack has for you "
    "(`handrail staff add ADDRESS`), then try again."
)
NOT_TAKEN = "Nobody has this conversation yet: press *Claim* first, or send a *Reply*, which claims it."
WITH_ANOTHER = "{who} has this conversation. Ask them, or have a supervisor take it over."
CLOSED = "This conversation was returned to the assistant, or resolved, meanwhile."
TOO_LATE = "Slack gave up before the window could open. Press the button again."
AWAY = "Slack did not answer just now. Try again in a moment."
UNKNOWN = "This conversation is not there, or not yours to see."
NO_DRAFT = "This draft does not wait any more, or is not yours to see."

PHRASES = {
    "not_staff": NOT_STAFF,
    "which_site": "There are several sites here: begin your question with the site's id, as in `shop How long …?`",
    "too_long": "Your question is too long for me: shorten it, or split it.",
    "too_many": "You ask faster than I can answer: wait a minute, please.",
}
