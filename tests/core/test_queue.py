"""The bell: what we hang into Redis by hand is what Celery itself would write."""

import base64
import json
from typing import Any
from uuid import uuid4

from core import bus, queue
from core.embedded import Addresses
from core.queue import Job, celery_app


def messages() -> list[dict[str, Any]]:
    found: Any = bus.client().lrange("chat", 0, -1)
    return [json.loads(one) for one in found]


def test_our_bell_is_a_message_as_celery_writes_it(servers: Addresses) -> None:
    ids = {"thread_id": str(uuid4())}
    queue.ring_all([(Job.TAKE_TURN, ids)])
    celery_app.send_task(str(Job.TAKE_TURN), kwargs=ids, queue="chat")
    theirs, ours = messages()
    bus.client().flushdb()
    assert set(ours) == set(theirs)
    assert set(ours["properties"]) == set(theirs["properties"])
    assert set(ours["headers"]) <= set(theirs["headers"])
    assert base64.b64decode(ours["body"]) == base64.b64decode(theirs["body"])


def test_celery_reads_our_bell(servers: Addresses) -> None:
    ids = {"thread_id": str(uuid4())}
    queue.ring_all([(Job.TAKE_TURN, ids)])
    with celery_app.connection_for_read() as connection:
        bell = connection.default_channel.basic_get("chat", no_ack=True)
        assert bell is not None
        assert bell.headers["task"] == "take_turn"
        assert bell.decode()[1] == ids


def test_several_bells_are_several_messages(servers: Addresses) -> None:
    queue.ring_all([(Job.TAKE_TURN, {"thread_id": "a"}), (Job.TAKE_TURN, {"thread_id": "b"})])
    assert len(messages()) == 2
    bus.client().flushdb()
    queue.ring_all([])
    assert messages() == []
