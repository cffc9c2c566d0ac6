"""The clock: Celery beat with a schedule in memory. Losing it costs one interval, and two of them do no harm."""

import signal
from types import FrameType

from celery.beat import Scheduler, Service

from core import failpoints, log, queue, watching
from core.queue import Job
from core.settings import Settings, get_settings

SWEEP_DOCUMENTS_SECONDS = 10.0
TIDY_SECONDS = 600.0
SWEEP_SEGMENTS_SECONDS = 60.0
SWEEP_WEBHOOKS_SECONDS = 5.0
KEEP_RETENTION_SECONDS = 600.0  # it runs once an hour, also where this process is often started anew
PROBE_ERASED_SECONDS = 30.0


def run() -> None:
    """Tick until SIGTERM."""
    settings = get_settings()
    log.configure(settings.log_level)
    failpoints.arm(settings)
    figures = watching.start(settings, "scheduler")
    app = queue.connect()
    app.conf.beat_schedule = schedule(settings)
    service = Service(app, max_interval=1, scheduler_cls=Scheduler)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopper(service))
    service.start()
    figures.stop()


def schedule(settings: Settings) -> dict[str, dict[str, object]]:
    """What runs how often. A tick that nobody took in time is dropped: the next one does its work."""
    every = {
        Job.SWEEP_TURNS: settings.sweep_seconds,
        Job.SWEEP_DOCUMENTS: SWEEP_DOCUMENTS_SECONDS,
        Job.TIDY_KNOWLEDGE: TIDY_SECONDS,
        Job.SWEEP_SEGMENTS: SWEEP_SEGMENTS_SECONDS,
        Job.SWEEP_OUTBOX: settings.outgoing_sweep_seconds,
        Job.SWEEP_WEBHOOKS: SWEEP_WEBHOOKS_SECONDS,
        Job.SWEEP_TICKETS: settings.ticket_sweep_seconds,
        Job.KEEP_RETENTION: KEEP_RETENTION_SECONDS,
        Job.PROBE_ERASED: PROBE_ERASED_SECONDS,
    }
    return {
        str(job): {
            "task": str(job),
            "schedule": seconds,
            "options": {"queue": queue.QUEUES[job], "expires": seconds * 2, "ignore_result": True},
        }
        for job, seconds in every.items()
    }


def _stopper(service: Service) -> "signal._HANDLER":
    def stop(_: int, __: FrameType | None) -> None:
        service.stop()

    return stop
