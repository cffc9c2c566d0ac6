"""A job whose acknowledgement fails does not take a place for ever."""

import pytest
import redis
from kombu.transport import virtual

from core import queue
from core.doorbell import Transport
from core.embedded import Addresses


def test_a_failed_acknowledgement_frees_its_place(servers: Addresses) -> None:
    with queue.connect().connection_for_read() as connection:
        assert isinstance(connection.transport, Transport)
        channel = connection.channel()
        channel.qos.prefetch_count = 1
        virtual.QoS.append(channel.qos, "a job", "tag")  # type: ignore[no-untyped-call]
        assert not channel.qos.can_consume()
        channel.qos._remove_from_indices = _away
        with pytest.raises(redis.ConnectionError):
            channel.qos.ack("tag")
        assert channel.qos.can_consume()


def _away(_: str) -> None:
    raise redis.ConnectionError
