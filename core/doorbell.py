"""The Redis transport of our queue: a worker that could not acknowledge a job must not go deaf.

In kombu 5.7 a job whose acknowledgement fails, because Redis was away at that moment, keeps its place among those that
a worker may fetch at once. When all places are taken like this, the worker stops listening, does not notice that its
connection is gone, and never works again. For a doorbell the cure is simple: the place is free whatever Redis says;
the job may come a second time, which does no harm.
"""

from kombu.transport import redis, virtual


class ForgivingQoS(redis.QoS):
    """Counts a job as done although its acknowledgement did not arrive."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge; the place is free also where this raises."""
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]
        except redis.Transport.connection_errors:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]
            raise


class DoorbellChannel(redis.Channel):
    """A channel that forgives."""

    QoS = ForgivingQoS


class Transport(redis.Transport):
    """What `core.queue` puts in the place of kombu's own."""

    Channel = DoorbellChannel
