"""The one door to Slack's Web API: each call ends in time and fails in our words. The outbox is what tries again."""

from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from core.addresses import PROGRAM, tls
from core.errors import HandrailError, SettingsRefused
from core.privacy.tokens import closed
from core.settings import Settings
from core.tracing import HEADER, request_id
from web.outgoing.posting import Answer, NoAnswer

READS = ("users.", "conversations.", "auth.")  # these take a form, the others JSON

# What Slack calls it: what the operator is told. Whatever else it answers is about that one call.
APP_GONE = frozenset(
    {
        *("account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed", "not_allowed_token_type"),
        *("missing_scope", "no_permission", "team_access_not_granted", "access_denied", "enterprise_is_restricted"),
    }
)
CHANNEL_GONE = frozenset({"channel_not_found", "is_archived", "not_in_channel", "is_inactive", "restricted_action"})
AWAY = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "ratelimited"}
)
DONE_ALREADY = {  # by method: an error that says that there is nothing left to do
    "chat.delete": {"message_not_found"},
    "chat.update": {"message_not_found", "cant_update_message"},
    "reactions.add": {"already_reacted", "message_not_found"},
}


class SlackNotSet(SettingsRefused):
    """Slack is not set up: give HANDRAIL_SLACK_BOT_TOKEN and HANDRAIL_SLACK_SIGNING_SECRET; docs/slack.md has how."""


class SlackFault(HandrailError):
    """Slack lets Handrail in no more, or the channel has gone; the message says what to do."""


class AppGone(SlackFault):
    """The app was uninstalled, or its token is no good: for all sites."""


class ChannelGone(SlackFault):
    """A channel was deleted or archived, or the app is not in it."""


class SlackRefused(HandrailError):
    """Slack does not take this one thing."""


@dataclass(frozen=True)
class Call:
    """One call of a Web API method, with all that it says."""

    method: str
    args: dict[str, Any]


class SlackApi:
    """Slack for one token."""

    def __init__(self, settings: Settings, seconds: float | None = None) -> None:
        """Each call may wait `seconds` for Slack. Raises SlackNotSet."""
        token = settings.slack_bot_token.get_secret_value()
        if not token:
            raise SlackNotSet
        self._seconds = max(1, round(seconds or settings.outgoing_seconds))
        self._client = WebClient(
            token,
            settings.slack_api_url,
            timeout=self._seconds,
            ssl=tls(),
            user_agent_prefix=PROGRAM,
            retry_handlers=[],
        )

    def answer(self, call: Call) -> Answer:
        """What came of `call`, as the outbox judges it. Raises NoAnswer, SlackFault, SlackRefused."""
        try:
            args = shut(call.args)
            form = {"params": args} if call.method.startswith(READS) else {"json": args}
            found = self._client.api_call(call.method, headers=self._headers(), **form)
        except SlackApiError as error:
            return _refused(call, error)
        except (OSError, SlackClientError, ValueError) as error:  # urllib's own, and what is no JSON at all
            raise NoAnswer(f"Slack did not answer ({type(error).__name__}).") from error
        return Answer(200, said=dict(found.data) if isinstance(found.data, dict) else {})

    def _headers(self) -> dict[str, str]:
        return {HEADER: known} if (known := request_id()) else {}

    def ask(self, method: str, **args: Any) -> dict[str, Any]:
        """What Slack answers, for whoever waits for it. Raises NoAnswer, SlackFault, SlackRefused."""
        answer = self.answer(Call(method, args))
        if answer.status != 200:  # noqa: PLR2004
            raise NoAnswer("Slack is busy: try again in a moment.")
        return answer.said


def shut(value: Any) -> Any:
    """`value` with each token in it as staff see it in Slack: `[email 1]`. What it stands for is at the desk alone."""
    if isinstance(value, str):
        return closed(value)
    if isinstance(value, dict):
        return {name: shut(each) for name, each in value.items()}
    return [shut(each) for each in value] if isinstance(value, list | tuple) else value


def _refused(call: Call, error: SlackApiError) -> Answer:
    response = error.response
    status, said = int(response.status_code), response.data if isinstance(response.data, dict) else {}
    name = str(said.get("error", ""))[:120]
    if name in DONE_ALREADY.get(call.method, ()):
        return Answer(200, said=said)
    if status == 429 or name in AWAY:  # noqa: PLR2004
        waits = {key.lower(): value for key, value in dict(response.headers).items()}
        status = 429 if name == "ratelimited" or status == 429 else 503  # noqa: PLR2004
        return Answer(status, retry_after=str(waits.get("retry-after", "")))
    if name in APP_GONE:
        raise AppGone(f"Slack lets Handrail in no more ({name}): install the app again and set its token")
    if name in CHANNEL_GONE:
        raise ChannelGone(f"The channel can't be posted to ({name}): invite the app there, or choose another one")
    if status >= 500:  # noqa: PLR2004
        return Answer(status)
    raise SlackRefused(f"Slack does not take it: {name or f'HTTP {status}'}.")
