"""Where tasks are done: in this process, in others of this machine, or on the workers of a Dask scheduler.

A task is done by a function of a module and says all it needs, so that results never depend on where.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sim.inputs.faults import Fault, Faults

T = TypeVar("T")
R = TypeVar("R")
PATIENCE_SECONDS = 30


class Workers(Protocol):
    """Does tasks, in any order."""

    def run(self, work: Callable[[T], R], tasks: Sequence[T], lost: Callable[[T, str], R]) -> Iterator[R]:
        """Yield what ``work`` answers, as it comes; ``lost`` answers for a task whose process died, with the reason."""


@dataclass(frozen=True)
class Local:
    """Processes of this machine; with one job, this process itself."""

    jobs: int = 1

    def run(self, work: Callable[[T], R], tasks: Sequence[T], lost: Callable[[T, str], R]) -> Iterator[R]:
        """Yield answers as they come. A process that dies takes no task with it but its own."""
        if self.jobs <= 1 or len(tasks) <= 1:
            for task in tasks:
                yield work(task)
            return
        orphans: list[T] = []
        with processes(min(self.jobs, len(tasks))) as pool:
            futures = {pool.submit(work, task): task for task in tasks}
            for future in as_completed(futures):
                try:
                    answer = future.result()
                except BrokenExecutor:  # one process died and broke the pool: which task did it is not known
                    orphans.append(futures[future])
                else:
                    yield answer
        with ThreadPoolExecutor(self.jobs) as threads:
            yield from threads.map(lambda task: alone(work, task, lost), orphans)


@contextlib.contextmanager
def processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Open a pool whose processes end with this one, whatever ends it."""
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=obey_parent) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


def obey_parent() -> None:
    """Let the main process decide what an interruption means, and end when it has been killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


def alone(work: Callable[[T], R], task: T, lost: Callable[[T, str], R]) -> R:
    """Do a task in a process of its own, so that its death tells which task it was."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=obey_parent) as pool:
        try:
            return pool.submit(work, task).result()
        except BrokenExecutor:
            return lost(task, "the process died (killed, or out of memory)")


@dataclass(frozen=True)
class Dask:
    """Workers of an existing Dask scheduler, at an address such as ``tcp://10.0.0.5:8786``."""

    scheduler: str

    def run(self, work: Callable[[T], R], tasks: Sequence[T], lost: Callable[[T, str], R]) -> Iterator[R]:
        """Yield answers as they come; a task whose workers died again and again is lost.

        Raises
        ------
        Faults
            When no scheduler answers, no worker comes, or simhlm is not installed there.
        """
        if not tasks:
            return
        import distributed

        as_done: Callable[..., Any] = distributed.as_completed
        client = self.client()
        try:
            futures = {client.submit(work, task, pure=False): task for task in tasks}
            for future in as_done(list(futures), loop=client.loop):
                task = futures.pop(future)
                try:
                    answer = future.result()
                except distributed.KilledWorker:
                    answer = lost(task, "the workers that tried it died (killed, or out of memory)")
                except (ImportError, RuntimeError) as error:  # tasks catch their own: this one could not be read
                    reason = str(error).splitlines()[0]
                    text = f"is simhlm installed, from one lock file, on the scheduler and on every worker? {reason}"
                    raise Faults([Fault("--scheduler", 1, text)]) from None
                future.release()
                yield answer
        finally:
            client.close()

    def client(self) -> Any:
        """Return a client of the scheduler, once it has a worker."""
        import distributed

        connect: Callable[..., Any] = distributed.Client
        try:
            client = connect(self.scheduler, timeout=PATIENCE_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            text = f"no Dask scheduler answers at {self.scheduler}: {reason}"
            raise Faults([Fault("--scheduler", 1, text)]) from None
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError:
            client.close()
            text = f"the scheduler at {self.scheduler} has no worker: start some (dask worker ADDRESS)"
            raise Faults([Fault("--scheduler", 1, text)]) from None
        return client


def choose(engine: str = "local", scheduler: str | None = None, jobs: int = 1) -> Workers:
    """Return the workers that the options of a command mean.

    Raises
    ------
    Faults
        An unknown engine, or a scheduler without ``--engine dask`` and the other way round.
    """
    if engine not in ("local", "dask"):
        raise Faults([Fault("--engine", 1, f"unknown engine {engine!r}: local or dask")])
    if engine == "dask" and not scheduler:
        raise Faults([Fault("--scheduler", 1, "--engine dask needs the address of a scheduler: tcp://HOST:8786")])
    if engine == "local" and scheduler:
        raise Faults([Fault("--scheduler", 1, "a scheduler is for --engine dask")])
    return Dask(scheduler) if scheduler else Local(jobs)
