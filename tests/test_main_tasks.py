import asyncio

import pytest

from discussit.main_tasks import MainTaskEnded, MainTasks


async def lives():
    await asyncio.Event().wait()


async def returns():
    pass


async def breaks():
    raise KeyError("unforeseen")


async def is_cancelled():
    """As by a future of a library's, which it cancels itself."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("ends", [returns, breaks, is_cancelled])
async def test_a_main_task_that_ends_ends_all_and_is_reported_and_logged(ends, caplog):
    reported = []
    with pytest.raises(ExceptionGroup) as raised:
        async with MainTasks(lambda: reported.append(ends)).running(lives, ends, lives):
            await lives()

    error = raised.value
    while isinstance(error, ExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, MainTaskEnded)
    assert reported == [ends]
    assert f"{ends.__name__} ended, and so does this process" in caplog.text


async def test_the_first_of_several_that_end_is_reported(caplog):
    async def breaks_when_cancelled():
        try:
            await lives()
        finally:
            raise ValueError("another")

    reported = []
    with pytest.raises(ExceptionGroup):
        async with MainTasks(lambda: reported.append("reported")).running(breaks, breaks_when_cancelled):
            await lives()

    assert reported == ["reported"]
    assert caplog.text.count("and so does this process") == 1


async def test_main_tasks_end_with_their_block_and_nothing_is_reported(caplog):
    reported = []
    async with MainTasks(lambda: reported.append("reported")).running(lives, lives):
        await asyncio.sleep(0)

    assert (reported, caplog.text) == ([], "")
