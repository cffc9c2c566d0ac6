"""How a job runs: under the request that it is for, in that request's trace, and timed."""

import time
from typing import Any

import celery

from core import tracing
from core.counting import Histogram
from core.log import bound

JOBS = Histogram("handrail_job_seconds", "Time of jobs in the workers, by name and how they ended", ("name", "result"))
WAITED = Histogram("handrail_job_wait_seconds", "Time that jobs lay in their queue", ("queue",))


class Task(celery.Task):  # type: ignore[misc]  # Celery has no types
    """Every job of ours. Called by hand, as tests do, it runs as it stands."""

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Run it."""
        headers = {name: value for name in ("request_id", "traceparent") if (value := self.request.get(name))}
        request = str(headers.get("request_id", ""))
        with tracing.under(request, headers), bound(job=self.name), tracing.consumer_span("job", job=self.name):
            return self._timed(args, given)

    def _timed(self, args: Any, given: Any) -> Any:
        began, result = time.perf_counter(), "failed"
        self._note_wait()
        try:
            made = self.run(*args, **given)
            result = "done"
        finally:
            JOBS.observe(time.perf_counter() - began, self.name, result)
        return made

    def _note_wait(self) -> None:
        rung_at, lay_in = self.request.get("rung_at"), self.request.delivery_info or {}
        if rung_at and (queue := lay_in.get("routing_key")):
            WAITED.observe(max(time.time() - float(rung_at), 0.0), queue)
