"""Adversarial replies for one waiter: outputs, error responses and transport failures.

Outputs aim at the acceptors: values that match one, values that nearly do, other acceptors'
values, valid outputs of the operation, and documents that no service would send.
"""

import copy

import jmespath

import shapes
from inverse import Inverse, merge

ODD_VALUES = (
    None, True, False, 0, 1, -1, 1.0, 0.0, 0.5, 1e16, 2**53, 2**53 + 1, "", "1", "1.0", "true",
    "True", "null", "None", [], {}, [None], [[]], [{}], {"a": None}, "ÄÖ \u2028 '\"",
)  # fmt: skip

# Members that no service sends, each for a document that is otherwise as one would; None removes
# the `ResponseMetadata`.
ODD_MEMBERS = (
    {"Error": "went wrong"},
    {"Error": "Code"},
    {"Error": None},
    {"Error": 5},
    {"Error": ["Code"]},
    {"Error": {}},
    {"Error": {"Message": "no code"}},
    {"Error": {"Code": "InBody", "Message": "in a success"}},
    {"Error": {"Code": None}},
    {"Error": {"Code": 404, "Message": 1.0}},
    {"Error": {"Code": "InBody", "Message": None}},
    {"Error": {"Code": ["InBody"], "Message": {"it's": [True, None]}}},
    {"ResponseMetadata": {}},
    {"ResponseMetadata": {"HTTPStatusCode": "200"}},
    {"ResponseMetadata": {"HTTPStatusCode": 200.0}},
    {"ResponseMetadata": {"HTTPStatusCode": None}},
    {"ResponseMetadata": {"HTTPStatusCode": True}},
    {"ResponseMetadata": None},
    {"ResponseMetadata": []},
    None,
)

CODES = (
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException",
    "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ValidationException",
    "ExpiredToken", "InternalFailure", "ServiceUnavailable", "ResourceNotFoundException",
    "404", "503", "", "true", "True", "Unknown",
)  # fmt: skip

RAISES = (
    ("EndpointConnectionError", 'Could not connect to the endpoint URL: "https://localhost/"'),
    ("ConnectTimeoutError", 'Connect timeout on endpoint URL: "https://localhost/"'),
    ("ReadTimeoutError", 'Read timeout on endpoint URL: "https://localhost/"'),
    ("ConnectionClosedError", 'Connection was closed before we received a valid response.'),
    ("NoCredentialsError", "Unable to locate credentials"),
    ("ParamValidationError", 'Parameter validation failed:\nMissing required parameter: "Name"'),
    ("ResponseParserError", "Unable to parse response, invalid XML received"),
)


def near_misses(expected):
    """Values that look like `expected`, some of which Python finds equal to it."""
    yield from (None, [expected], [[expected]], {"value": expected}, str(expected))
    if isinstance(expected, bool):
        yield from (int(expected), float(expected), not expected, str(expected).lower(), 2, -1)
    elif isinstance(expected, (int, float)):
        yield from (expected + 1, float(expected), str(expected), expected == 1, f"{expected}.0")
        if abs(expected) < 2**53:
            yield int(expected)
    elif isinstance(expected, str):
        yield from (expected.lower(), expected.upper(), expected + " ", expected[:-1], "")
        yield from (expected.replace("_", "-"), True, 1)
    elif isinstance(expected, list):
        yield from (expected + [None], expected[:-1], expected[::-1], {})
    elif isinstance(expected, dict):
        yield from ({**expected, "more": None}, list(expected), {})
    else:
        yield from (0, False, "", "null", "None", {}, [], [None])


class Replies:
    """Generates the replies of one waiter."""

    def __init__(self, service, config, documents, rng, verdicts):
        self.rng = rng
        self.verdicts = verdicts
        self.documents = documents
        self.inverse = Inverse(rng)
        self.acceptors = [a for a in config.get("acceptors", []) if isinstance(a, dict)]
        self.trees = [parsed(acceptor) for acceptor in self.acceptors]
        # Which of the documents each acceptor is the first to match.
        self.matches = [[] for _ in self.acceptors]
        for document in documents:
            verdict = verdicts.first_match(self.output(dict(document)))
            if isinstance(verdict, int):
                self.matches[verdict].append(document)
        self.expected = [acceptor.get("expected") for acceptor in self.acceptors]
        self.codes = [
            acceptor.get("expected")
            for acceptor in self.acceptors
            if acceptor.get("matcher") == "error" and isinstance(acceptor.get("expected"), str)
        ]
        shape = shapes.output_shape(service, config.get("operation"))
        self.outputs = [shapes.sample(shape, rng) for _ in range(8)] if shape else [{}]

    def one(self, number):
        """The reply of this number: first each acceptor's in turn, then any."""
        count = len(self.acceptors)
        if count and number < max(3 * count, 12):
            return self.matching(number % count)
        return self.any()

    def any(self):
        """A reply of any kind."""
        kind = self.rng.random()
        if kind < 0.25 and self.acceptors:
            return self.matching(self.rng.randrange(len(self.acceptors)))
        if kind < 0.45:
            return self.output(self.fragments())
        if kind < 0.6:
            return self.output(self.mutated(self.fragments()))
        if kind < 0.7:
            return self.output(copy.deepcopy(self.rng.choice(self.outputs)))
        if kind < 0.78:
            return self.odd_output()
        if kind < 0.95:
            return self.error()
        if kind < 0.97:
            return {"output": {}}
        kind, message = self.rng.choice(RAISES)
        return {"raise": {"type": kind, "message": message}}

    def matching(self, index):
        """A reply whose first match is the acceptor of this index, if a few tries find one."""
        if self.matches[index] and self.rng.random() < 0.8:
            return self.output(copy.deepcopy(self.rng.choice(self.matches[index])))
        for _ in range(12):
            reply = self.aimed(index)
            if self.verdicts.first_match(reply) == index:
                break
        return reply

    def aimed(self, index):
        acceptor, expected = self.acceptors[index], self.expected[index]
        matcher = acceptor.get("matcher")
        if matcher == "error":
            if expected is False:
                return self.output(self.fragments())
            return self.error(code=expected if isinstance(expected, str) else None)
        if matcher == "status":
            if isinstance(expected, int) and expected >= 300:
                return self.error(status=expected)
            return self.output(self.base(), status=expected)
        return self.output(merge(self.base(), self.fragment(index, hit=True)))

    def base(self):
        kind = self.rng.random()
        if kind < 0.4:
            return {}
        if kind < 0.7 and self.acceptors:
            return self.fragment(self.rng.randrange(len(self.acceptors)), hit=False)
        return copy.deepcopy(self.rng.choice(self.outputs))

    def fragments(self):
        """Fragments of one to three acceptors in one document."""
        if self.documents and self.rng.random() < 0.6:
            return copy.deepcopy(self.rng.choice(self.documents))
        document = self.base()
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            if self.acceptors:
                index = self.rng.randrange(len(self.acceptors))
                document = merge(document, self.fragment(index, self.rng.random() < 0.4))
        return document

    def fragment(self, index, hit):
        tree = self.trees[index]
        if tree is None:
            return {}
        fragment = self.inverse.build(tree, copy.deepcopy(self.wanted(index, hit)))
        return fragment if isinstance(fragment, dict) else {}

    def wanted(self, index, hit):
        """What the acceptor's expression shall give, to match (`hit`) or not to."""
        expected, matcher = self.expected[index], self.acceptors[index].get("matcher")
        others = [value for value in self.expected if value != expected] or ["other"]
        near = [*near_misses(expected), *others, *ODD_VALUES[:4]]
        choose = self.rng.choice
        if matcher == "path":
            return expected if hit else choose(near)
        if not hit and self.rng.random() < 0.3:
            return choose(([], None, expected, [None], [[expected]], "", {}, True))
        count = choose((1, 1, 2, 3))
        if matcher == "pathAll":
            values = [expected] * count + ([] if hit else [choose(near)])
        else:
            values = [choose(near) for _ in range(count)] + ([expected] if hit else [])
        self.rng.shuffle(values)
        return values

    def mutated(self, document):
        """The document with one or two of its nodes replaced, removed, wrapped or doubled."""
        document = copy.deepcopy(document)
        for _ in range(self.rng.choice((1, 1, 2))):
            places = list(nodes(document))
            if not places:
                return document
            parent, key = self.rng.choice(places)
            self.mutate(parent, key)
        return document

    def mutate(self, parent, key):
        value = parent[key]
        kind = self.rng.randrange(6)
        if kind == 0:
            del parent[key]
        elif kind == 1:
            parent[key] = [value]
        elif kind == 2 and isinstance(value, list):
            value.append(self.rng.choice((None, [], "other", copy.deepcopy(value))))
        elif kind == 3 and isinstance(value, (int, float)):
            parent[key] = str(value)
        elif kind == 4 and self.expected:
            parent[key] = copy.deepcopy(self.rng.choice(self.expected))
        else:
            parent[key] = copy.deepcopy(self.rng.choice(ODD_VALUES))

    def output(self, document, status=200):
        if not isinstance(document, dict):
            document = {}
        document.setdefault("ResponseMetadata", {"HTTPStatusCode": status})
        return {"output": document}

    def odd_output(self):
        odd = self.rng.choice(ODD_MEMBERS)
        reply = self.output(self.fragments())
        if odd is None:
            del reply["output"]["ResponseMetadata"]
        else:
            reply["output"].update(copy.deepcopy(odd))
        return reply

    def error(self, code=None, status=None):
        """An error response as `ClientError.response` is, sometimes with modelled members."""
        rng = self.rng
        if code is None:
            near = [miss for known in self.codes for miss in (known.lower(), known + ".x")]
            code = rng.choice([*self.codes * 3, *near, *CODES])
        error = {"Code": code, "Message": rng.choice(("It is so.", "", "Ünïcode 'n' \"quotes\""))}
        if rng.random() < 0.1:
            del error["Message"]
        if rng.random() < 0.2:
            error["Type"] = rng.choice(("Sender", "Receiver"))
        metadata = {"HTTPStatusCode": status or rng.choice((400, 400, 403, 404, 429, 500, 503))}
        response = {"Error": error, "ResponseMetadata": metadata}
        if rng.random() < 0.25:
            response = {**self.fragments(), **response}
        return {"error": response}


def parsed(acceptor):
    """The syntax tree of an acceptor's expression; None if it has none or a bad one."""
    if not acceptor.get("argument") or not acceptor.get("matcher", "").startswith("path"):
        return None
    try:
        return jmespath.compile(acceptor["argument"]).parsed
    except ValueError:
        return None


def nodes(document):
    """Every (container, key) of a document."""
    keys = document if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], (dict, list)):
            yield from nodes(document[key])


def tags(reply):
    """What is unusual in a reply."""
    if "raise" in reply:
        return
    response = reply.get("output", reply.get("error"))
    if "output" in reply and "Error" in response:
        yield "error-shape"
    metadata = response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else "none"
    if type(status) not in (int, type(None)):
        yield "metadata"
