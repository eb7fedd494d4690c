"""What a burst of messages costs a group's page in Chromium, and whether its memory stays bounded.

`python benchmarks/browser.py` opens the page of a member who sees the end of the log, and of one who reads further up,
while another one writes 200 messages a second for 10 s, five times each, then 20,000 messages as fast as they come. It
measures the time of the page's main thread, once more with the processor slowed down to a quarter. Takes five minutes.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from threading import Thread

import crowd
from playwright.sync_api import CDPSession, Page, sync_playwright
from servers import SERVE, Server, machine, table
from unread import connected

RATE, SECONDS, ROUNDS = 200, 10, 5
MANY = 20_000
LOG = 600  # entries before
THROTTLING = 4
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
SPEAKER, READER = 0, 1

WATCH = """() => {
  window.longest = 0
  const note = list => { for (const each of list.getEntries()) longest = Math.max(longest, each.duration) }
  new PerformanceObserver(note).observe({ entryTypes: ["longtask"] })
}"""
ROWS = "() => document.querySelectorAll('#chat-log [data-seq]').length"


@contextmanager
def page_of(server: Server) -> Iterator[Page]:
    name, value = crowd.cookie(READER).split("=", 1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
        yield context.new_page()
        browser.close()


async def write(server: Server, count: int, rate: float) -> None:
    (speaker,) = await connected(server, crowd.path(0), [SPEAKER])
    clock = asyncio.get_running_loop().time
    start = clock()
    for n in range(count):
        speaker.send(type="text_message", message=f"burst {n} " + "words " * (n % 12))
        await asyncio.sleep(max(0, start + (n + 1) / rate - clock()))
    speaker.close()


def read(page: Page, server: Server, count: int, rate: float) -> None:
    """Have the page receive so many messages, so many per second. Playwright's own loop keeps this thread."""
    writer = Thread(target=lambda: asyncio.run(write(server, count, rate)))
    writer.start()
    while writer.is_alive():
        page.wait_for_timeout(200)
    page.wait_for_timeout(1_500)


def spent(session: CDPSession) -> float:
    """Seconds of the main thread so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def burst(page: Page, session: CDPSession, server: Server, *, is_up: bool) -> tuple[float, float]:
    """Milliseconds of the main thread per message, and of its longest task."""
    page.goto(server.url + crowd.path(0))
    page.wait_for_selector('#state:text-is("Live")')
    page.evaluate(WATCH)
    if is_up:
        page.mouse.move(600, 400)
        page.mouse.wheel(0, -1500)
    page.wait_for_timeout(2_000)
    page.evaluate("() => { longest = 0 }")
    before = spent(session)
    read(page, server, RATE * SECONDS, RATE)
    return (spent(session) - before) * 1_000 / (RATE * SECONDS), page.evaluate("() => longest")


def bursts(server: Server, page: Page, throttling: float) -> list[tuple[str, ...]]:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    session.send("Emulation.setCPUThrottlingRate", {"rate": throttling})
    rows = []
    for place in ("at the end", "further up"):
        costs, longest = zip(
            *(burst(page, session, server, is_up=place == "further up") for _ in range(ROUNDS)), strict=True
        )
        rows.append((place, f"{throttling:g}", f"{median(costs):.2f}", f"{median(longest):.0f}"))
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()
    return rows


def memory(server: Server, page: Page) -> str:
    page.goto(server.url + crowd.path(0))
    page.wait_for_selector('#state:text-is("Live")')
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before = heap(session)
    read(page, server, MANY, 1_000)
    return f"{MANY:,} messages: {before:.1f} MB before, {heap(session):.1f} MB after, {page.evaluate(ROWS)} rows"


def heap(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"]) / 1_000_000


def main() -> None:
    with crowd.visited([(0, SPEAKER), (0, READER)], *SERVE) as (server, _):
        crowd.fill(server.database, 0, LOG)
        with page_of(server) as page:
            rows = [*bursts(server, page, 1), *bursts(server, page, THROTTLING)]
            lasting = memory(server, page)
    print(f"{RATE} messages a second for {SECONDS} s, medians of {ROUNDS}; {machine()}")
    print(table(("reader", "slowed down", "ms of the main thread a message", "longest task, ms"), rows))
    print(lasting)


if __name__ == "__main__":
    main()
