"""Runs botocore's own `Waiter` on prepared replies and tells what it did.

Nothing here knows how a waiter should behave: the loop, the matchers and the messages are
botocore's. Only the operation and `time.sleep` are replaced.
"""

import types

import botocore.waiter
from botocore.exceptions import ClientError, WaiterError
from botocore.waiter import NormalizedOperationMethod, SingleWaiterConfig, Waiter

# How botocore begins the reason of each of its failures, and the outcome that this is.
REASONS = (
    ("An error occurred (", "error"),
    ("Waiter encountered a terminal failure state: ", "failure"),
    ("Max attempts exceeded", "exhausted"),
)


class Transport(Exception):
    """A failure other than `ClientError`, under the name it has in botocore."""

    def __init__(self, reply):
        super().__init__(reply["message"])
        self.type = reply["type"]


class Operation:
    """A client's method that gives the prepared replies; the last one repeats."""

    def __init__(self, replies):
        self.replies = replies
        self.calls = 0

    def __call__(self, **_):
        reply = self.replies[min(self.calls, len(self.replies) - 1)]
        self.calls += 1
        if "output" in reply:
            return reply["output"]
        if "error" in reply:
            raise ClientError(reply["error"], "Operation")
        raise Transport(reply["raise"])


class Sleeps(list):
    """Records what `time.sleep` was asked for, and refuses what it refuses."""

    def sleep(self, seconds):
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.append(seconds)


def outcome_of(name, message):
    """The outcome that a `WaiterError`'s message tells."""
    reason = message.removeprefix(f"Waiter {name} failed: ")
    return next(outcome for start, outcome in REASONS if reason.startswith(start))


def run(name, config, replies, waiter_config=None):
    """What botocore does with this waiter and these replies, as the `expect` of a case."""
    operation = Operation(replies)
    sleeps = Sleeps()
    arguments = {} if waiter_config is None else {"WaiterConfig": waiter_config}
    result = {"outcome": "success", "message": None, "exception_type": None}
    time, botocore.waiter.time = botocore.waiter.time, types.SimpleNamespace(sleep=sleeps.sleep)
    try:
        method = NormalizedOperationMethod(operation)
        Waiter(name, SingleWaiterConfig(config), method).wait(**arguments)
    except WaiterError as error:
        message = str(error)
        result = {
            "outcome": outcome_of(name, message),
            "message": message,
            "exception_type": "WaiterError",
        }
    except Transport as error:
        result = {"outcome": "exception", "message": str(error), "exception_type": error.type}
    except Exception as error:  # whatever a matcher raises goes through `wait` as it is
        kind = type(error).__name__
        result = {"outcome": "exception", "message": str(error), "exception_type": kind}
    finally:
        botocore.waiter.time = time
    return {
        "outcome": result["outcome"],
        "calls": operation.calls,
        "sleeps": list(sleeps),
        "message": result["message"],
        "exception_type": result["exception_type"],
    }


class Verdicts:
    """What botocore's matchers say of single replies, to choose and to count them."""

    def __init__(self, config):
        try:
            self.acceptors = list(SingleWaiterConfig(config).acceptors)
        except Exception:  # the wait itself fails before the first call
            self.acceptors = []

    def first_match(self, reply):
        """The index of the acceptor that matches first; None if none does; "ends" if the wait
        ends without one."""
        if "raise" in reply:
            return "ends"
        response = reply.get("output", reply.get("error"))
        try:
            for index, acceptor in enumerate(self.acceptors):
                if acceptor.matcher_func(response):
                    return index
        except Exception:
            return "ends"
        return "ends" if botocore.waiter.is_valid_waiter_error(response) else None

    def continues(self, verdict):
        """Whether a wait goes on after a reply of this verdict."""
        if isinstance(verdict, int):
            return self.acceptors[verdict].state not in ("success", "failure")
        return verdict is None
