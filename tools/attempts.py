"""How often a stranger may try to prove that an order is theirs."""

import hashlib
import hmac

import redis

from core.bus import client
from core.log import get_logger
from core.settings import get_settings
from tools.tool import Caller, ToolFailed

log = get_logger(__name__)

WINDOW_SECONDS = 3600

# Counts *different* guesses: asking about the same order again, or trying again after a failure, costs nothing.
# All doors are looked at before any is counted, so that a refused guess stays refused.
GUESS = """
for _, door in ipairs(KEYS) do
  if redis.call('SISMEMBER', door, ARGV[1]) == 0 and redis.call('SCARD', door) >= tonumber(ARGV[2]) then return 0 end
end
for _, door in ipairs(KEYS) do
  redis.call('SADD', door, ARGV[1])
  redis.call('EXPIRE', door, ARGV[3], 'NX')
end
return 1
"""


def may_try(caller: Caller, *, number: str, email: str, limit: int) -> bool:
    """Count one guess; False once `limit` different ones lie in the current hour.

    Three doors: the visitor, the order number on its site, and the e-mail address on its site. The last two stop
    whoever opens a new session for each guess. Whether an order exists plays no part. Raises ToolFailed without Redis.
    """
    guess = _digest(number, email)
    doors = [
        f"order:visitor:{caller.visitor_id}",
        f"order:number:{caller.site_id}:{_digest(number)}",
        f"order:email:{caller.site_id}:{_digest(email)}",
    ]
    try:
        return bool(client().eval(GUESS, len(doors), *doors, guess, limit, WINDOW_SECONDS))
    except redis.RedisError as error:
        log.warning("order_attempts_uncounted", cause=type(error).__name__)
        raise ToolFailed("Orders can't be looked up at the moment.") from error


def _digest(*parts: str) -> str:
    """Keyed: there are so few order numbers that a mere hash of one can be undone."""
    said = "\n".join(("order attempt", *parts)).encode()
    return hmac.new(get_settings().signing_key(), said, hashlib.sha256).hexdigest()[:32]
