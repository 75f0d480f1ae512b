"""A process of its own enriches as the worker itself would, and tells when it cannot."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from listener.domain.errors import Rejected, ServiceError, UsageError
from listener.domain.mention import Mention
from stream.enriching_process import EnrichingProcess
from stream.enrichment.customer_match import CustomerIndex
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import default_taxonomy
from stream.ledger.ledger import AsWritten, Ledger, LedgerValue
from stream.ledger.prepare_apart import PrepareApart
from unit.stream.worlds import mention as of_hour

WORDS = (
    "My order never came and nobody answers. I want my money back!",
    "Thank you so much, the new app is lovely",
    "¿Dónde está mi pedido? Llevo dos semanas esperando",
    "RT @somebody: the line is down again",
    "",
)


def mention(number: int, text: str) -> Mention:
    return of_hour(str(number), text, number)


def mentions() -> list[Mention]:
    return [mention(number, text) for number, text in enumerate(WORDS)]


def ready(on_end: Callable[[str], object] = print) -> tuple[EnrichingProcess, int]:
    """A process, and its id."""
    process = EnrichingProcess(default_taxonomy(), on_end=on_end)
    process.await_ready()
    pid = process._process.pid
    assert pid is not None
    return process, pid


def with_process(use: Callable[[EnrichingProcess], Awaitable[None]]) -> None:
    process, _ = ready()

    async def whole() -> None:
        await process.start()
        try:
            await use(process)
        finally:
            await process.stop()

    asyncio.run(whole())
    assert not process._process.is_alive()


def test_it_finds_out_what_the_worker_itself_would() -> None:
    async def use(process: EnrichingProcess) -> None:
        asked = [process.enrich([one.to_json()]) for one in mentions() for _ in range(8)]
        found = [enrichment for [enrichment] in await asyncio.gather(*asked)]
        assert found == [e for e in Enricher().enrich(mentions()) for _ in range(8)]

    with_process(use)


def test_the_ledger_prepares_the_same_with_it() -> None:
    written = [AsWritten(one, one.to_json()) for one in mentions()]
    values: list[LedgerValue] = [*written, mention(9, "as it came"), *written[:1]]
    customers = CustomerIndex()

    async def use(process: EnrichingProcess) -> None:
        apart = PrepareApart(Ledger(None, customers), process)
        assert await apart(values) == Ledger(Enricher(), customers).prepare(values)
        assert await apart([]) == []

    with_process(use)


def test_what_it_cannot_enrich_is_the_matter_of_that_question_alone() -> None:
    async def use(process: EnrichingProcess) -> None:
        good = mention(1, WORDS[0]).to_json()
        bad, fine = await asyncio.gather(
            process.enrich([good, b"no mention"]), process.enrich([good]), return_exceptions=True
        )
        assert isinstance(bad, Rejected)
        assert isinstance(fine, list)

    with_process(use)


def test_large_questions_and_answers_do_not_block_each_other() -> None:
    async def use(process: EnrichingProcess) -> None:
        long = mention(1, "My order never came. " * 20_000).to_json()
        found = await asyncio.gather(*(process.enrich([long, long]) for _ in range(6)))
        assert [len(some) for some in found] == [2] * 6

    with_process(use)


def test_one_that_was_killed_is_an_error_of_all_that_wait_and_of_all_later_ones() -> None:
    told: list[str] = []
    process, pid = ready(told.append)

    async def whole() -> None:
        await process.start()
        os.kill(pid, signal.SIGSTOP)
        long = mention(1, "My order never came. " * 20_000).to_json()
        waiting = [asyncio.create_task(process.enrich([long] * 10)) for _ in range(8)]
        await asyncio.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20)
        assert [type(each) for each in ended] == [ServiceError] * 8
        assert len(told) == 1
        with pytest.raises(ServiceError, match="ended with -9"):
            await process.enrich([long])
        await process.stop()

    asyncio.run(whole())


def test_one_that_ends_while_nobody_asks_is_noticed() -> None:
    ended = asyncio.Event()
    process, pid = ready(lambda _: ended.set())

    async def whole() -> None:
        await process.start()
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(ended.wait(), 20)
        await process.stop()

    asyncio.run(whole())


def test_it_stops_at_once_whatever_is_asked_and_not_answered() -> None:
    process, _ = ready()

    async def whole() -> None:
        await process.start()
        many = [mention(number, "My order never came.").to_json() for number in range(3000)]
        waiting = [asyncio.create_task(process.enrich(many)) for _ in range(4)]
        await asyncio.sleep(0.1)
        for each in waiting:
            each.cancel()
        await process.stop()

    asyncio.run(whole())
    assert process._process.exitcode == 0


def test_a_model_that_cannot_be_used_is_told_before_anything_is_processed(tmp_path: Path) -> None:
    process = EnrichingProcess(default_taxonomy(), tmp_path / "nowhere")
    with pytest.raises(UsageError, match="nowhere: there is no such directory of models"):
        process.await_ready()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_both_leaves_it_to_the_worker(number: signal.Signals) -> None:
    process = EnrichingProcess(default_taxonomy())
    assert process._process.pid is not None
    os.kill(process._process.pid, number)
    process.await_ready()
    os.kill(process._process.pid, number)

    async def whole() -> None:
        await process.start()
        assert len(await process.enrich([mention(1, "hello").to_json()])) == 1
        await process.stop()

    asyncio.run(whole())
    assert process._process.exitcode == 0


WORKER = """
import sys, time
from stream.enriching_process import EnrichingProcess
from stream.enrichment.taxonomy import default_taxonomy
if __name__ == "__main__":
    process = EnrichingProcess(default_taxonomy())
    print(process._process.pid, flush=True)
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("killed", [True, False], ids=["killed", "exits"])
def test_it_ends_with_its_worker_however_that_ends(*, killed: bool) -> None:
    """The worker is a process of its own here, so that its end can be watched from outside."""
    argv = [sys.executable, "-c", WORKER, "60" if killed else "0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        if killed:
            worker.kill()
        worker.wait(20)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < deadline, "it runs on without its worker"
        time.sleep(0.05)
