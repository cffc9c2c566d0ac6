"""One Celery worker in this process: `chat` takes turns in threads, `index` reads documents in a process of its own."""

import signal
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from celery import signals
from sqlalchemy.exc import SQLAlchemyError

from core import failpoints, log, queue, watching
from core.counting import Flusher
from core.embedded import die_with_parent
from core.errors import HandrailError
from core.settings import Settings, get_settings
from web.beats import Heart
from web.draining import Drain

if TYPE_CHECKING:
    from orchestrator.watch import Watch


@dataclass(frozen=True)
class Kind:
    """What a worker serves, and how."""

    queues: tuple[str, ...]
    pool: str
    tasks: tuple[str, ...]  # modules with the jobs of these queues


# Turns wait for models: threads. Documents cost time and can crash a parser: a process.
KINDS = {
    "chat": Kind(
        ("chat", "house"), "threads", ("orchestrator.tasks", "kb.tasks", "web.outgoing.tasks", "web.webhooks.tasks")
    ),
    "index": Kind(("index",), "prefork", ("kb.tasks",)),
}
INDEX_PROCESSES = 1  # the embedder uses all cores by itself


def run(name: str) -> int:
    """Work until SIGTERM; what has begun is finished first, within `drain_seconds`. Returns the exit code.

    A second signal ends it at once.
    """
    kind, settings = KINDS[name], get_settings()
    settings.signing_key()  # a missing key is refused now, not by the first answer that is to be signed
    log.configure(settings.log_level)
    failpoints.arm(settings)
    figures = watching.start(settings, name)
    app = queue.connect()
    for module in kind.tasks:
        import_module(module)
    if name == "chat":
        settings.signing_key()  # by which it finds what visitors wrote; not missed first in a turn
        _warm_up()
    helpers = _Helpers(Heart(kind.queues), _watch(settings) if name == "chat" else None)
    drain = Drain(settings.drain_seconds, helpers.stop, _give_back)
    _connect_signals(helpers, drain)
    worker = app.Worker(hostname=f"{name}@%h", queues=kind.queues, **_options(kind, settings))
    worker.start()
    drain.finish()
    helpers.stop()
    figures.stop()
    return 0 if drain.begun else int(worker.exitcode or 0)


def _warm_up() -> None:
    from orchestrator.turn import warm_up

    try:
        warm_up()
    except (HandrailError, SQLAlchemyError, OSError):
        # A missing model or database shows in readiness; it must not keep the worker from starting.
        log.get_logger(__name__).exception("not_warmed_up")


@dataclass(frozen=True)
class _Helpers:
    """The threads beside the pool: one shows that we live, one looks for turns that nobody rang for."""

    heart: Heart
    watch: "Watch | None"

    def start(self) -> None:
        self.heart.start()
        if self.watch:
            self.watch.start()

    def stop(self) -> None:
        if self.watch:
            self.watch.stop()
        self.heart.stop()


def _watch(settings: Settings) -> "Watch":
    from orchestrator.watch import Watch

    return Watch(settings)


def _give_back() -> int:
    from orchestrator.turn import keeper

    return keeper(get_settings().lease_seconds).release()


def _options(kind: Kind, settings: Settings) -> dict[str, Any]:
    return {
        "pool": kind.pool,
        "concurrency": settings.chat_threads if kind.pool == "threads" else INDEX_PROCESSES,
        "loglevel": settings.log_level,
        "without_gossip": True,
        "without_mingle": True,
        "without_heartbeat": True,
        "quiet": True,
    }


def _connect_signals(helpers: _Helpers, drain: Drain) -> None:
    def beat(sender: Any, **_: Any) -> None:
        helpers.start()
        if sender.hub is not None:
            drain.watch_over(sender.hub)

    def end(**_: Any) -> None:
        drain.begin()

    def keep_logging(**_: Any) -> None:
        """Celery sets up no logging of its own where this signal is heard."""

    signals.worker_ready.connect(beat, weak=False)
    signals.worker_shutting_down.connect(end, weak=False)
    signals.setup_logging.connect(keep_logging, weak=False)
    # A pool process ends with its worker, also when that is killed.
    tie = die_with_parent(signal.SIGKILL)
    signals.worker_process_init.connect(lambda **_: tie(), weak=False)
    signals.worker_process_init.connect(lambda **_: Flusher().start(), weak=False)  # a fork takes no threads along
