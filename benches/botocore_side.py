"""botocore's and aiobotocore's side of the benchmarks; `benches/compare` runs it beside maitred's.

answer                     measures what it reads on stdin, a request a line, and answers each
memory URL WAITS shared    holds that many waits at once on one client, and says what memory they take
hold URL WAITS DELAY       holds that many waits on one client until it is killed, each on a cluster of its own
memory URL WAITS own       the same with a session and a client for each wait, as Airflow's triggers do
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path

# How long one measurement takes at least, in seconds.
SLOT = 0.3

# How many waits send their first poll at the same time.
IN_FLIGHT = 64

WAITERS = Path(__file__).parent.parent / "waiters/redshift.json"


def timed(work):
    """Seconds that a run of `work` takes on average, and what it yields."""
    result = work()
    start = time.perf_counter()
    runs = 0
    while time.perf_counter() - start < SLOT:
        result = work()
        runs += 1
    return {"seconds": (time.perf_counter() - start) / runs, "result": result}


def verdict(reply):
    """From the bytes of a reply to the acceptor that matches."""
    import botocore.session
    from botocore.parsers import create_parser
    from botocore.waiter import WaiterModel

    body = Path(reply).read_bytes()
    response = {
        "status_code": 200,
        "headers": {
            "content-type": "text/xml",
            "content-length": str(len(body)),
            "x-amzn-requestid": "00000000-1111-2222-3333-444444444444",
        },
        "body": body,
    }
    service = botocore.session.Session().get_service_model("redshift")
    parser = create_parser(service.resolved_protocol)
    shape = service.operation_model("DescribeClusters").output_shape
    acceptors = WaiterModel(json.loads(WAITERS.read_text())).get_waiter("cluster_paused").acceptors

    def work():
        parsed = parser.parse(response, shape)
        matches = (at for at, acceptor in enumerate(acceptors) if acceptor.matcher_func(parsed))
        return [next(matches, None), len(parsed["Clusters"])]

    return timed(work)


def compile_waiters(data):
    """From the texts of botocore's waiter files to compiled waiters."""
    import jmespath.parser
    from botocore.waiter import WaiterModel

    files = []
    for service in Path(data).iterdir():
        versions = sorted(service.glob("*/waiters-2.json"))
        if versions:
            files.append(versions[-1].read_text())

    def work():
        # As in a process that compiles them for the first time.
        jmespath.parser.Parser().purge()
        waiters = []
        for text in files:
            model = WaiterModel(json.loads(text))
            for name in model.waiter_names:
                waiters.append(model.get_waiter(name).acceptors)
        return len(waiters)

    return timed(work)


def answer():
    for line in sys.stdin:
        request = json.loads(line)
        match request.pop("measure"):
            case "data":
                import botocore

                found = str(Path(botocore.__file__).parent / "data")
            case "verdict":
                found = verdict(**request)
            case "compile":
                found = compile_waiters(**request)
        print(json.dumps(found), flush=True)


def resident(name):
    """A figure of this process's memory in kB, as Linux has it."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1])


class Waits:
    """Waits on clusters that are not available yet."""

    def __init__(self, url):
        self.url = url
        self.polled = 0
        self.tasks = []

    def client(self):
        from aiobotocore.session import AioSession

        session = AioSession()
        session.set_credentials("AKIDEXAMPLE", "secret")
        return session.create_client("redshift", region_name="eu-west-1", endpoint_url=self.url)

    def count(self, **_):
        self.polled += 1

    async def wait(self, waiter, number):
        cluster = f"creating-{number % 100}"
        await waiter.wait(ClusterIdentifier=cluster, WaiterConfig={"Delay": 3600})

    async def wait_with_own_client(self, number):
        async with self.client() as client:
            client.meta.events.register("after-call", self.count)
            await self.wait(client.get_waiter("cluster_available"), number)

    async def hold(self, start, waits):
        """Starts the waits, and returns when each has polled once. The first is not counted."""
        before = 0
        for number in range(waits + 1):
            if number == 1:
                before = resident("VmRSS")
            self.tasks.append(asyncio.create_task(start(number)))
            while len(self.tasks) - self.polled >= (IN_FLIGHT if number else 1):
                await asyncio.sleep(0)
        while self.polled < len(self.tasks):
            await asyncio.sleep(0)
        # What they do with their first reply.
        for _ in range(10):
            await asyncio.sleep(0)
        assert not any(task.done() for task in self.tasks), "no wait is over"
        return {
            "waits": waits,
            "before": before,
            "after": resident("VmRSS"),
            "peak": resident("VmHWM"),
        }

    async def run(self, kind, waits):
        if kind == "own":
            return await self.hold(self.wait_with_own_client, waits)
        async with self.client() as client:
            client.meta.events.register("after-call", self.count)
            waiter = client.get_waiter("cluster_available")
            found = await self.hold(lambda number: self.wait(waiter, number), waits)
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            return found


async def hold(url, waits, delay):
    """Holds waits on distinct clusters; says what memory there was before, and when each has polled."""
    held = Waits(url)
    async with held.client() as client:
        client.meta.events.register("after-call", held.count)
        waiter = client.get_waiter("cluster_available")
        pace = {"Delay": delay, "MaxAttempts": 1_000_000}

        async def wait(number):
            await waiter.wait(ClusterIdentifier=f"cluster-{number}", WaiterConfig=pace)

        for number in range(waits):
            held.tasks.append(asyncio.create_task(wait(number)))
            if number == 0:
                while not held.polled:
                    await asyncio.sleep(0)
                print(json.dumps({"before": resident("VmRSS")}), flush=True)
            while len(held.tasks) - held.polled >= IN_FLIGHT:
                await asyncio.sleep(0)
        while held.polled < waits:
            await asyncio.sleep(0.01)
        print(json.dumps({"waits": waits}), flush=True)
        await asyncio.gather(*held.tasks)


def main(arguments):
    match arguments:
        case ["hold", url, waits, delay]:
            asyncio.run(hold(url, int(waits), float(delay)))
        case ["answer"]:
            answer()
        case ["memory", url, waits, kind]:
            print(json.dumps(asyncio.run(Waits(url).run(kind, int(waits)))))
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
