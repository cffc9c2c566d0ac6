"""What every process would load by itself, loaded once in the parent of all victims. It opens no connection."""

from importlib import import_module

NAMES = (
    *("web.worker", "web.app", "web.server", "web.scheduler", "orchestrator.tasks", "kb.tasks"),
    *(
        "brain.openai_chat",
        "kb.embeddings.openai_embeddings",
        "celery.apps.worker",
        "celery.app.trace",
        "celery.app.log",
    ),
    *("celery.worker.components", "celery.worker.consumer", "celery.worker.strategy", "celery.concurrency.thread"),
    *("celery.app.amqp", "celery.app.control", "celery.app.events", "celery.backends.base", "celery.loaders.app"),
    *("celery.beat", "kombu.transport.redis", "openai.resources.chat.completions", "openai.resources.embeddings"),
    *("httpcore2", "anyio.streams.tls", "uvicorn.loops.auto", "uvicorn.protocols.http.httptools_impl", "psycopg"),
)


def rehearse() -> None:
    """Import it, map the tables, and make the client for models, which costs a certificate store."""
    for name in NAMES:
        import_module(name)
    import_module("sqlalchemy.orm").configure_mappers()
    import_module("brain.pool").shared_client()


rehearse()
