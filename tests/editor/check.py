"""What an editor makes of the schemas: completion, hover and diagnostics of a JSON language server.

Run by `tests/editor/run`, which installs the server.
"""

import json
import os
import re
import unittest
from pathlib import Path

from language_server import LanguageServer, command, documentation

ROOT = Path(__file__).parents[2]
CATALOGUE = json.loads((ROOT / "schema/schemastore.json").read_text())["schemas"]
WAITERS, CASES = [
    json.loads((ROOT / "schema" / name).read_text())
    for name in ("waiters.schema.json", "case.schema.json")
]

# Every key that there is.
WAITER_FILE = {
    "$schema": WAITERS["$id"],
    "version": 2,
    "service": "things",
    "waiters": {
        "thing_ready": {
            "type": "api",
            "description": "Waits until a thing is ready.",
            "extends": "things.thing_exists",
            "operation": "DescribeThing",
            "delay": 5,
            "maxAttempts": 60,
            "acceptors": [
                {
                    "state": "failure",
                    "matcher": "path",
                    "argument": "Thing.Status",
                    "expected": "FAILED",
                    "message": "Thing.StatusReason",
                }
            ],
            "input": {"Kind": "{{KIND}}"},
            "timeout": 600,
            "initialDelay": 1,
            "backoff": {"maxDelay": 30, "jitter": False},
            "consecutive": 2,
            "transient": {"maxConsecutive": 3, "codes": ["Busy"]},
            "show": "Thing.Status",
            "baseline": "Thing.Started",
            "allPages": True,
            "parameters": {"KIND": {"type": "string", "description": "The kind.", "default": "a"}},
            "diagnose": [
                {"operation": "ListEvents", "input": {"Kind": "{{KIND}}"}, "show": "Events[0].Text"}
            ],
            "mutating": False,
        }
    },
}
CASE_FILE = {
    "$schema": CASES["$id"],
    "description": "A thing fails.",
    "input": {"Name": "a"},
    "parameters": {"KIND": "a"},
    "baseline": "yesterday",
    "delay": 1,
    "maxAttempts": 3,
    "timeout": 60,
    "replies": [
        {"output": {"Thing": {}}, "repeat": 2},
        {"error": {"code": "Busy", "message": "later", "status": 503}},
        {"transport": "Timeout"},
    ],
    "diagnose": [{"output": {"Events": []}}],
    "expect": {"outcome": "failure", "attempts": 3, "shown": "FAILED", "message": "failed"},
}

ACCEPTOR = '{ "state": "success", "matcher": "path", "argument": "Thing.Status", "expected": "UP" }'
WAITER = f"""{{
  "$schema": "{WAITERS["$id"]}",
  "version": 2,
  "waiters": {{
    "thing_up": {{
      "operation": "DescribeThing",
      "delay": 5,
      "maxAttempts": 60,
      "acceptors": [{ACCEPTOR}]
    }}
  }}
}}
"""
CASE = f"""{{
  "$schema": "{CASES["$id"]}",
  "replies": [{{ "output": {{}} }}],
  "expect": {{ "outcome": "success" }}
}}
"""


def keys(schema, root):
    """Every key that a schema knows, at every depth."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    found = set(schema.get("properties", {}))
    below = list(schema.get("properties", {}).values())
    below += [schema[word] for word in ("items", "additionalProperties") if isinstance(schema.get(word), dict)]
    return found.union(*(keys(inner, root) for inner in below))


def written_out(snippet):
    """A snippet as it is when the editor's user takes what it proposes."""
    snippet = re.sub(r"\$\{\d+\|([^,|]*)[^|]*\|\}", r"\1", snippet)
    return re.sub(r"\$\{\d+:([^{}]*)\}|\$\d+", lambda found: found[1] or "", snippet)


class Editor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts = {
            entry["url"]: (ROOT / "schema" / entry["url"].rsplit("/", 1)[1]).read_text()
            for entry in CATALOGUE
        }
        cls.command = command(os.environ["EDITOR_HOME"])
        cls.server = LanguageServer(cls.command, cls.texts)
        # An editor that is told by the catalogue which schema is for which file.
        settings = [{"fileMatch": entry["fileMatch"], "url": entry["url"]} for entry in CATALOGUE]
        cls.matching = LanguageServer(cls.command, cls.texts, settings)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.matching.stop()

    def assert_offers(self, text, expected):
        """At the `|` the editor offers these, each with what it is; no two are the same."""
        offered = self.server.completions(text)
        self.assertEqual(set(expected) - set(offered), set(), text)
        told = [documentation(offered[label]) for label in expected]
        self.assertTrue(all(len(text) > 5 for text in told), offered)
        self.assertEqual(len(set(told)), len(told), told)

    def test_the_values_of_state_and_matcher_are_offered_each_with_its_meaning(self):
        states = ['"success"', '"failure"', '"retry"']
        self.assert_offers(WAITER.replace('"success"', "|"), states)
        matchers = ['"path"', '"pathAll"', '"pathAny"', '"status"', '"error"']
        self.assert_offers(WAITER.replace('"path"', "|"), matchers)

    def test_the_values_of_outcome_and_transport_are_offered_each_with_its_meaning(self):
        outcomes = ['"success"', '"failure"', '"exhausted"', '"timeout"', '"error"', '"cancelled"']
        self.assert_offers(CASE.replace('"success"', "|"), outcomes)
        transport = CASE.replace('{ "output": {} }', '{ "transport": | }')
        self.assert_offers(transport, ['"ConnectError"', '"DnsError"', '"Timeout"', '"TlsError"'])

    def test_the_keys_of_a_waiter_and_of_an_acceptor_are_offered_each_with_its_meaning(self):
        known = set(WAITERS["$defs"]["WaiterConfig"]["properties"])
        rest = known - {"operation", "delay", "maxAttempts", "acceptors"}
        self.assert_offers(WAITER.replace(f"[{ACCEPTOR}]", f"[{ACCEPTOR}], |"), rest)
        acceptor = WAITERS["$defs"]["AcceptorConfig"]["properties"]
        self.assert_offers(WAITER.replace(ACCEPTOR, "{ | }"), acceptor)
        self.assert_offers(WAITER.replace('"version": 2', "|"), ["version", "service"])

    def test_the_keys_of_a_case_are_offered_each_with_its_meaning(self):
        known = set(CASES["properties"]) - {"$schema"}
        self.assert_offers(f'{{ "$schema": "{CASES["$id"]}", | }}', known)
        self.assert_offers(CASE.replace('"outcome": "success"', "|"), CASES["properties"]["expect"]["properties"])
        self.assert_offers(CASE.replace('"output": {}', "|"), CASES["$defs"]["Reply"]["properties"])

    def test_snippets_are_valid_as_they_are_offered(self):
        waiter = WAITER[WAITER.index('{\n      "operation"'):WAITER.rindex("}\n  }\n}") + 1]
        places = [
            (WAITER.replace(ACCEPTOR, "|"), ["success", "failure", "error code"]),
            (WAITER.replace(waiter, "|"), ["waiter"]),
            (WAITER.replace(f"[{ACCEPTOR}]", f'[{ACCEPTOR}], "diagnose": [|]'), ["call"]),
            (CASE.replace('{ "output": {} }', "|"), ["output", "error", "no reply"]),
        ]
        for text, labels in places:
            offered = self.server.completions(text)
            for label in labels:
                whole = text.replace("|", written_out(offered[label]["textEdit"]["newText"]))
                self.assertEqual(self.server.diagnostics(whole), [], whole)
        for path, label in [("waiters/things.json", "waiter file"), ("tests/waiters/a/b/c.json", "case")]:
            whole = written_out(self.matching.completions("|", path)[label]["textEdit"]["newText"])
            self.assertEqual(self.matching.diagnostics(whole, path), [], whole)

    def test_a_key_that_is_taken_as_it_is_offered_is_valid(self):
        for text in (WAITER.replace(f"[{ACCEPTOR}]", f"[{ACCEPTOR}], |"), CASE.replace("{} }],", "{} }], |,")):
            for label, item in self.server.completions(text).items():
                proposed = item["textEdit"]["newText"]
                value = proposed.partition(":")[2].strip()
                # What is left for the user to fill in can be anything.
                if re.fullmatch(r"\$\{1:\d+\}", value):
                    whole = text.replace("|", written_out(proposed))
                    self.assertEqual(self.server.diagnostics(whole), [], label)

    def test_hover_says_what_every_key_is(self):
        for file, schema in ((WAITER_FILE, WAITERS), (CASE_FILE, CASES)):
            text = json.dumps(file, indent=2)
            uri, _ = self.server.open(text)
            for key in keys(schema, schema):
                self.assertIn(f'"{key}":', text, "the file has every key")
                said = self.server.hover(uri, text, text.index(f'"{key}":') + 1)
                self.assertGreater(len(said), 10, key)
                # As Markdown, not as text whose every backtick is shown.
                self.assertNotIn("\\`", said, key)
            self.server.close(uri)

    def test_hover_says_of_a_key_what_it_is_there(self):
        text = json.dumps(WAITER_FILE, indent=2)
        uri, _ = self.server.open(text)
        said = self.server.hover(uri, text, text.index('"backoff"') + 1)
        self.assertIn("Default: the delay is constant", said)
        self.server.close(uri)

    def test_what_is_wrong_is_underlined(self):
        mistakes = [
            ('"success"', '"sucess"', '"sucess"'),
            ('"matcher": "path"', '"matcher": "pathall"', '"pathall"'),
            ('"delay"', '"dely"', '"dely"'),
            (": 60", ": 0", "0"),
            (": 60", ': "60"', '"60"'),
            ('"version": 2', '"version": 1', "1"),
        ]
        for right, wrong, underlined in mistakes:
            found = self.server.diagnostics(WAITER.replace(right, wrong))
            self.assertIn(underlined, [where for where, _ in found], (wrong, found))
        for right, wrong, underlined in [('"success"', '"done"', '"done"'), ('"output"', '"ouput"', '"ouput"')]:
            found = self.server.diagnostics(CASE.replace(right, wrong))
            self.assertIn(underlined, [where for where, _ in found], (wrong, found))
        missing = WAITER.replace(', "argument": "Thing.Status"', "")
        self.assertTrue(any("argument" in message for _, message in self.server.diagnostics(missing)))

    def test_right_files_are_not_underlined(self):
        waiters = sorted((ROOT / "waiters").glob("*.json"))
        cases = sorted((ROOT / "tests/waiters").glob("*/*/*.json"))[::20]
        self.assertTrue(len(waiters) > 50 and len(cases) > 50)
        paths = waiters + cases + [ROOT / "examples/waiters/jobs-api.json"]
        texts = [path.read_text() for path in paths] + [json.dumps(CASE_FILE), json.dumps(WAITER_FILE)]
        for text, (uri, found) in zip(texts, self.server.open_all(texts)):
            self.assertEqual(found, [], text)
            self.server.close(uri)

    def test_the_catalogue_says_which_schema_is_for_a_file(self):
        wrong = '{ "versoin": 2 }'
        for path in ("waiters/redshift.json", "team/waiters/redshift.json", "redshift/2012-12-01/waiters-2.json"):
            found = self.matching.diagnostics(wrong, path)
            self.assertIn("Property versoin is not allowed.", [message for _, message in found], path)
            self.assertTrue(any("waiters" in message for _, message in found), found)
        found = self.matching.diagnostics(wrong, "tests/waiters/redshift/cluster_paused/paused.json")
        self.assertTrue(any("replies" in message for _, message in found), found)
        self.assertFalse(any("waiters" in message for _, message in found), found)
        self.assertEqual(self.matching.diagnostics(wrong, "package.json"), [])

    def test_no_other_schema_is_needed(self):
        self.server.diagnostics(WAITER)
        self.assertLessEqual(set(self.server.asked), set(self.texts))


if __name__ == "__main__":
    unittest.main()
