"""Checks the oracle itself against what botocore's documentation and source promise.

Run as `python self_check.py`; the integration tests do.
"""

import json
import random
import subprocess
import sys
import unittest
from pathlib import Path

import jmespath

import odd
from inverse import Inverse, merge
from oracle import Verdicts, run

OK = {"output": {"A": "ok", "ResponseMetadata": {"HTTPStatusCode": 200}}}
PENDING = {"output": {"A": "pending"}}
BAD = {"output": {"A": "bad"}}
GONE = {"error": {"Error": {"Code": "Gone", "Message": "It went."}}}
RAISED = {"raise": {"type": "ReadTimeoutError", "message": "Read timeout"}}
CONFIG = odd.waiter(
    odd.path("A", "ok"), odd.path("A", "bad", "failure"), odd.path("A", "pending", "retry")
)


def expect(outcome, calls, sleeps, message=None, kind=None):
    kind = kind or (None if outcome == "success" else "WaiterError")
    return {
        "outcome": outcome,
        "calls": calls,
        "sleeps": sleeps,
        "message": message,
        "exception_type": kind,
    }


class Classification(unittest.TestCase):
    def check(self, replies, waiter_config, expected, config=CONFIG):
        self.assertEqual(run("Odd", config, replies, waiter_config), expected)

    def test_success_ends_at_once(self):
        self.check([OK], None, expect("success", 1, []))

    def test_attempts_are_calls_and_one_sleep_less(self):
        message = (
            "Waiter Odd failed: Max attempts exceeded. Previously accepted state: "
            'For expression "A" we matched expected path: "pending"'
        )
        self.check([PENDING], None, expect("exhausted", 4, [5, 5, 5], message))
        self.check([PENDING], {"MaxAttempts": 0}, expect("exhausted", 1, [], message))

    def test_nothing_ever_matched(self):
        message = "Waiter Odd failed: Max attempts exceeded"
        self.check([{"output": {}}], {"MaxAttempts": 1}, expect("exhausted", 1, [], message))

    def test_failure_acceptor(self):
        message = (
            "Waiter Odd failed: Waiter encountered a terminal failure state: "
            'For expression "A" we matched expected path: "bad"'
        )
        self.check([PENDING, BAD], {"Delay": 0.5}, expect("failure", 2, [0.5], message))

    def test_unmatched_error_response(self):
        message = "Waiter Odd failed: An error occurred (Gone): It went."
        self.check([PENDING, GONE], None, expect("error", 2, [5], message))

    def test_error_that_quotes_another_outcome(self):
        reply = {"error": {"Error": {"Code": "X", "Message": "Max attempts exceeded"}}}
        message = "Waiter Odd failed: An error occurred (X): Max attempts exceeded"
        self.check([reply], None, expect("error", 1, [], message))

    def test_raised_goes_through(self):
        self.check([RAISED], None, expect("exception", 1, [], "Read timeout", "ReadTimeoutError"))

    def test_expression_type_error(self):
        message = (
            "In function length(), invalid type for value: None, expected one of: "
            "['string', 'array', 'object'], received: \"null\""
        )
        config = odd.waiter(odd.path("length(A)", 1))
        expected = expect("exception", 1, [], message, "JMESPathTypeError")
        self.check([{"output": {}}], None, expected, config)

    def test_explanation_is_of_the_acceptor_scanned_last(self):
        config = odd.waiter(odd.path("A", "pending", "retry"), odd.path("A", "never"))
        message = (
            "Waiter Odd failed: Max attempts exceeded. Previously accepted state: "
            'For expression "A" we matched expected path: "never"'
        )
        replies = [PENDING, {"output": {}}]
        self.check(replies, {"MaxAttempts": 2}, expect("exhausted", 2, [5], message), config)

    def test_negative_delay_is_refused_by_sleep(self):
        expected = expect("exception", 1, [], "sleep length must be non-negative", "ValueError")
        self.check([PENDING], {"Delay": -1}, expected)

    def test_error_in_a_success_body_is_an_error_response(self):
        reply = {"output": GONE["error"]}
        message = "Waiter Odd failed: An error occurred (Gone): It went."
        self.check([reply], None, expect("error", 1, [], message))


class Verdict(unittest.TestCase):
    def test_verdicts(self):
        verdicts = Verdicts(CONFIG)
        replies = (OK, BAD, PENDING, {"output": {}}, GONE, RAISED)
        found = [verdicts.first_match(reply) for reply in replies]
        self.assertEqual(found, [0, 1, 2, None, "ends", "ends"])
        continues = [verdicts.continues(verdict) for verdict in found]
        self.assertEqual(continues, [False, False, True, True, False, False])


class Inverses(unittest.TestCase):
    def test_fragments_give_the_value(self):
        inverse = Inverse(random.Random(1))
        for expression, want in (
            ("A.B", "x"),
            ("A[].B.C", ["x", "y"]),
            ("A[].B[].C", ["x", "y", "z"]),
            ("A.*.B", ["x", "y"]),
            ("A[0].B", "x"),
            ("length(A[]) > `0`", True),
            ("A != 'x' && A != 'y'", True),
            ("length(A[?!(length(B) == `1` && C == D)]) == `0`", True),
        ):
            document = inverse.build(jmespath.compile(expression).parsed, want)
            self.assertEqual(jmespath.search(expression, document), want, expression)

    def test_merge(self):
        merged = merge({"a": [{"b": 1}]}, {"a": [{"c": 2}, 3]})
        self.assertEqual(merged, {"a": [{"b": 1, "c": 2}, 3]})


class CommandLine(unittest.TestCase):
    def lines(self, *arguments):
        command = [sys.executable, str(Path(__file__).with_name("parity.py")), *arguments]
        done = subprocess.run(command, capture_output=True, check=True, text=True)
        return done.stdout, done.stderr

    def test_one_waiter_alone_gives_the_same_line(self):
        arguments = ("--odd", "--seed", "7", "--count", "30")
        everything, summary = self.lines(*arguments)
        alone, _ = self.lines(*arguments, "--only", "odd.PathSortBy")
        self.assertIn(alone, everything)
        self.assertIn("seed 7: ", summary)
        self.assertEqual(len(json.loads(alone)["cases"]), 30)


if __name__ == "__main__":
    unittest.main()
