"""What botocore's `Waiter` does, case by case, for the parity test of strict mode.

For each waiter this generates sequences of replies, runs botocore's own `Waiter` on them and
prints one JSON line:

    {"service": "redshift", "name": "ClusterAvailable", "config": {<the waiter as in its file>},
     "cases": [{"replies": [<reply>, …], "waiter_config": {"Delay": 1, "MaxAttempts": 3} | null,
                "tags": [<see below>, …],
                "expect": {"outcome": …, "calls": n, "sleeps": [seconds, …],
                           "message": text | null, "exception_type": text | null}}]}

The replies are those of call 1, 2, …; after them the last one repeats for ever. A reply is one of

* `{"output": {…}}`: the operation returned this, which is the whole response, `ResponseMetadata`
  included where there is one;
* `{"error": {…}}`: the operation raised `ClientError` with this as its `response`;
* `{"raise": {"type": …, "message": …}}`: it raised another exception, which leaves `wait`.

botocore makes no difference between the first two: both are a dictionary to the matchers. It is an
error response if its `Error` is an object with a key `Code`, wherever it came from; `status` reads
`ResponseMetadata.HTTPStatusCode` of it.

`waiter_config` is what the caller passes as `WaiterConfig`; null is none. Keys that botocore does
not know are ignored. `outcome` is

* `success`: `wait` returned; `message` and `exception_type` are null;
* `failure`: a failure acceptor matched; `error`: an error response that none matched;
  `exhausted`: no attempts left. All three are `WaiterError`, and `message` is its text;
* `exception`: anything else came out of `wait`: a reply's `raise` (its own type and message),
  a `JMESPathTypeError` of an expression, a `TypeError` of Python. The call it happened on counts.

`sleeps` is what `time.sleep` was called with, in order. `tags` names what is unusual in a case, for
a consumer that has to treat it differently:

* `error-shape`: an output with a top-level `Error`;
* `metadata`: a `ResponseMetadata.HTTPStatusCode` that is there and is not an integer;
* `python`: the message is text of Python's own exception, and may change with Python's version.

The same seed, waiter and botocore give the same line. `--waiters` reads other files in botocore's
format; `--odd` takes the waiters of odd.py instead. A summary goes to standard error.
"""

import argparse
import collections
import json
import pathlib
import random
import sys
import time

import odd
import shapes
from oracle import Verdicts, run
from replies import Replies, tags

PYTHON_ERRORS = {"AttributeError", "TypeError", "ValueError", "KeyError", "OverflowError"}


def shipped():
    """(service, name, config, documents) of each waiter of botocore's newest API versions."""
    loader = shapes.session().get_component("data_loader")
    for service in loader.list_available_services("waiters-2"):
        for name, config in loader.load_service_model(service, "waiters-2")["waiters"].items():
            yield service, name, config, ()


def of_files(path):
    """The same of a waiter file, or of all below a directory."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    for file in files:
        content = json.loads(file.read_text(encoding="utf-8"))
        named = file.stem if file.stem != "waiters-2" else file.resolve().parent.parent.name
        for name, config in content["waiters"].items():
            yield content.get("service", named), name, config, ()


def waiter_config(rng):
    """What a caller passes: mostly few attempts, sometimes the file's own, sometimes nonsense."""
    kind = rng.random()
    if kind < 0.04:
        return None
    if kind < 0.08:
        return {"Delay": rng.choice((0, 1, 0.5, 2.25))}
    if kind < 0.2:
        return {"MaxAttempts": rng.randint(1, 5)}
    if kind < 0.24:
        return {"Delay": 1, "MaxAttempts": rng.choice((0, -1, 1, 2.5, 1.0))}
    if kind < 0.26:
        return {"MaxAttempts": 2, "MaxAttemps": 7, "delay": 9}
    return {"Delay": rng.choice((0, 1, 5, 30, 0.25)), "MaxAttempts": rng.randint(1, 6)}


class Cases:
    """Generates the cases of one waiter, and notes which acceptors were the first to match."""

    def __init__(self, waiter, seed):
        self.service, self.name, self.config, documents = waiter
        self.rng = random.Random(f"{seed}/{self.service}/{self.name}")
        self.verdicts = Verdicts(self.config)
        self.replies = Replies(self.service, self.config, documents, self.rng, self.verdicts)
        self.matched = set()
        # Replies, with their verdicts, that let the wait go on.
        self.going_on = []
        self.judge({"output": {}})
        for _ in range(8):
            self.judge(self.replies.any())

    def judge(self, reply):
        verdict = self.verdicts.first_match(reply)
        if self.verdicts.continues(verdict):
            self.going_on.append((reply, verdict))
        return reply, verdict

    def one(self, number):
        """The case of this number. The first has the file's own attempts and delay, to the end
        where that is possible; each of the others has a reply of its own."""
        if number == 0 and self.going_on:
            return self.case(self.going_on[-4:], None)
        last = self.judge(self.replies.one(number))
        before = self.rng.choice((0, 0, 0, 1, 1, 2, 3)) if self.going_on else 0
        sequence = [self.rng.choice(self.going_on) for _ in range(before)] + [last]
        if self.verdicts.continues(last[1]) and self.rng.random() < 0.4:
            sequence.append(self.rng.choice(self.going_on))
        return self.case(sequence, waiter_config(self.rng))

    def case(self, sequence, chosen):
        replies = [reply for reply, _ in sequence]
        expect = run(self.name, self.config, replies, chosen)
        seen = sequence[: expect["calls"]]
        self.matched.update(verdict for _, verdict in seen)
        found = {tag for reply, _ in seen for tag in tags(reply)}
        if expect["exception_type"] in PYTHON_ERRORS:
            found.add("python")
        return {
            "replies": replies,
            "waiter_config": chosen,
            "tags": sorted(found),
            "expect": expect,
        }


class Summary:
    """Counts what the cases reached."""

    def __init__(self):
        self.outcomes = collections.Counter()
        self.exceptions = collections.Counter()
        self.total = collections.Counter()
        self.reached = collections.Counter()
        self.missed = []

    def add(self, waiter, cases, matched):
        for case in cases:
            self.outcomes[case["expect"]["outcome"]] += 1
            if case["expect"]["outcome"] == "exception":
                self.exceptions[case["expect"]["exception_type"]] += 1
        service, name, config, _ = waiter
        for index, acceptor in enumerate(config.get("acceptors", [])):
            kind = f"{acceptor.get('matcher')}/{acceptor.get('state')}"
            self.total[kind] += 1
            if index in matched:
                self.reached[kind] += 1
            else:
                self.missed.append(f"{service}.{name}[{index}]")

    def print(self, seed, waiters):
        def counts(counter):
            return ", ".join(f"{key} {n}" for key, n in sorted(counter.items()))

        reached = {kind: f"{self.reached[kind]}/{n}" for kind, n in self.total.items()}
        lines = (
            f"seed {seed}: {waiters} waiters, {sum(self.outcomes.values())} cases,"
            f" {time.process_time():.1f} s of CPU",
            f"outcomes: {counts(self.outcomes)}",
            f"exceptions: {counts(self.exceptions)}",
            f"acceptors that were the first to match: {counts(reached)}",
            f"never: {' '.join(self.missed) or 'none'}",
        )
        print("\n".join(lines), file=sys.stderr)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="default: a random one, which is printed")
    parser.add_argument("--count", type=int, default=200, help="cases per waiter (default: 200)")
    parser.add_argument("--only", metavar="SERVICE.NAME", help="one waiter")
    parser.add_argument("--waiters", type=pathlib.Path, help="a waiter file, or a directory")
    parser.add_argument("--odd", action="store_true", help="the waiters of odd.py")
    parser.add_argument("--quiet", action="store_true", help="no summary")
    parser.add_argument("--dump", action="store_true", help="print the waiters as one file instead")
    return parser.parse_args()


def main():
    chosen = arguments()
    seed = random.randrange(2**32) if chosen.seed is None else chosen.seed
    source = of_files(chosen.waiters) if chosen.waiters else shipped()
    waiters = [
        waiter
        for waiter in (odd.waiters() if chosen.odd else source)
        if chosen.only in (None, f"{waiter[0]}.{waiter[1]}")
    ]
    if not waiters:
        sys.exit("parity.py: no such waiter")
    if chosen.dump:
        configs = {name: config for _, name, config, _ in waiters}
        json.dump({"version": 2, "waiters": configs}, sys.stdout, indent=2)
        return
    summary = Summary()
    for waiter in waiters:
        service, name, config, _ = waiter
        generator = Cases(waiter, seed)
        cases = [generator.one(number) for number in range(chosen.count)]
        summary.add(waiter, cases, generator.matched)
        line = {"service": service, "name": name, "config": config, "cases": cases}
        # `dumps`, since `dump` does not use the fast encoder.
        sys.stdout.write(json.dumps(line, allow_nan=False, separators=(",", ":")) + "\n")
    if not chosen.quiet:
        summary.print(seed, len(waiters))


if __name__ == "__main__":
    main()
