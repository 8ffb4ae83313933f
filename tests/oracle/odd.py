"""Waiters that botocore accepts and nobody ships: the corners of its format, of Python's equality
and formatting, and of jmespath.py.

Each is a configuration and documents of its own, since what makes a rich expression give a value
cannot be guessed from it.
"""

import itertools

LISTS = ({"A": []}, {"A": None}, {"A": "text"}, {"A": {"x": 1}}, {"A": 5}, {"A": True}, {})


def acceptor(state, matcher, expected, argument=None):
    """One acceptor as in a file."""
    made = {"state": state, "matcher": matcher, "expected": expected}
    return made if argument is None else {**made, "argument": argument}


def waiter(*acceptors, delay=5, attempts=4):
    """One waiter as in a file."""
    return {
        "operation": "DescribeOdd",
        "delay": delay,
        "maxAttempts": attempts,
        "acceptors": list(acceptors),
    }


def path(argument, expected, state="success"):
    return acceptor(state, "path", expected, argument)


def values(*all_of):
    """Documents with each of the values as `A`."""
    return [{"A": value} for value in all_of]


def outputs(*all_of):
    return list(all_of)


LOOSE = values(
    None, True, False, 0, 1, 2, 0.0, 1.0, 1.5, 1e16, 10**16, 2**53, 2**53 + 1, float(2**53), "",
    "1", "true", "True", "None", "null", [], [1], [True], [1.0], ["x"], [[1]], {}, {"a": 1},
    {"a": True}, {"a": 1.0}, {"a": [1, None]}, {"b": 1, "a": 2}, ["x", None],
) + [{}]  # fmt: skip
MEMBERS = values(*(
    [first, second]
    for first, second in itertools.product((None, True, 1, 1.0, 0, "1", "x", [], {}), repeat=2)
)) + list(LISTS)  # fmt: skip
NUMBERS = values(
    [1, 2, 3], [1, 2.5], [3, 1, 2], [], [0.1, 0.2], [1, "x"], ["b", "a"], ["b", 1], [True, 1],
    [None], [-1.5, 0], [2**53 + 1, 1], None, "text", {"x": 1}, ["Z", "a", "É", "\U0001f600"],
)  # fmt: skip
SCALARS = values(-1, -1.5, 0, 2.5, 1e16, "1", "-1.5", "x", "", True, None, [1], {"a": 1}, 10**15)
OBJECTS = values(
    [{"b": 2, "n": "two"}, {"b": 1, "n": "one"}], [{"b": "x", "n": 1}, {"b": "a", "n": 2}],
    [{"b": 1, "n": 1}, {"b": 1.0, "n": 2}], [{"b": 1, "n": 1}, {"b": "x", "n": 2}],
    [{"b": 1}, {}], [{}], [], [{"b": True}], [{"b": None}], [{"b": [1]}, {"b": [1]}], None, "x",
    [1, 2], [{"b": 2, "n": "two"}, None],
)  # fmt: skip
PAIRS = [
    {"A": left, "B": right}
    for left, right in itertools.product(
        (1, 2, 1.5, "a", "b", "1", "É", True, None, [1], {"a": 1}, 2**53, 2**53 + 1), repeat=2
    )
]
MAPS = values({"b": 1, "a": 2}, {"b": "x", "a": "y"}, {"a": None, "b": 1}, {}, [], None, "x") + [{}]


def expectations():
    """Every kind of `expected` with every matcher that compares values."""
    kinds = {
        "Null": None, "True": True, "False": False, "Zero": 0, "One": 1, "Float": 1.0,
        "Half": 1.5, "Exponent": 1e16, "Big": 2**53 + 1, "List": ["x"], "Numbers": [1, None],
        "Object": {"a": 1}, "Nested": {"a": [1, None], "b": {"it's": "\"q\""}}, "Empty": "",
        "Quoted": "it's \"quoted\"", "Unicode": "Grün\u2028\U0001f600", "Word": "True",
    }  # fmt: skip
    for name, expected in kinds.items():
        own = values(expected, [expected], [expected, expected], [expected, None], [[expected]])
        documents = own + LOOSE + MEMBERS[::5]
        for matcher in ("path", "pathAll", "pathAny"):
            states = ("retry", "success") if name < "N" else ("retry", "failure")
            yield (
                f"Expected{name}{matcher[0].upper()}{matcher[1:]}",
                waiter(
                    acceptor(states[0], matcher, "going on", "A"),
                    acceptor(states[1], matcher, expected, "A"),
                ),
                documents,
            )


def states():
    """States that botocore does not know, which mean retry, and the order of acceptors."""
    yield "StateError", waiter(path("A", 1, "error"), path("A", 2)), LOOSE
    yield "StateFoo", waiter(path("A", "x", "foo"), path("B", "y", "Success"), attempts=2), PAIRS
    yield "StateEmpty", waiter(path("A", None, ""), path("A", 1, "failure")), LOOSE
    yield "FailureFirst", waiter(path("A", 1, "failure"), path("A", True)), LOOSE
    yield "SuccessFirst", waiter(path("A", True), path("A", 1, "failure")), LOOSE
    # The message names the acceptor scanned last, not the one that matched.
    yield (
        "PreviouslyAccepted",
        waiter(path("A", 1, "retry"), path("A", "never"), acceptor("success", "error", "Never")),
        LOOSE,
    )
    yield "NoAcceptors", waiter(), LOOSE


def bounds():
    """Attempts and delays out of the ordinary."""
    for name, attempts in (("Zero", 0), ("Negative", -3), ("Fraction", 2.5), ("Whole", 2.0)):
        yield f"Attempts{name}", waiter(path("A", 1), attempts=attempts), LOOSE
    for name, delay in (("Fraction", 0.25), ("Zero", 0), ("Whole", 1.0), ("Negative", -1)):
        yield f"Delay{name}", waiter(path("A", 1), delay=delay), LOOSE


def services():
    """`status` and `error` with every type of `expected`."""
    for name, expected in (("Text", "200"), ("Float", 200.0), ("Null", None), ("True", True)):
        yield f"Status{name}", waiter(acceptor("success", "status", expected)), LOOSE
    yield (
        "StatusOnErrors",
        waiter(acceptor("retry", "status", 404), acceptor("failure", "status", 400)),
        LOOSE,
    )
    for name, expected in (
        ("True", True), ("False", False), ("TrueText", "true"), ("Number", 404),
        ("NumberText", "404"), ("Null", None), ("Empty", ""), ("One", 1), ("Zero", 0),
        ("List", ["Code"]), ("Mixed", "AccessDenied"),
    ):  # fmt: skip
        documents = [*LOOSE[::3], {"Error": {"Code": expected, "Message": "in the body"}}]
        for state in ("success", "failure", "retry"):
            yield (
                f"Error{name}{state.capitalize()}",
                waiter(path("A", "x", "retry"), acceptor(state, "error", expected)),
                documents,
            )
    yield "MetadataPath", waiter(path("ResponseMetadata.HTTPStatusCode", 200)), LOOSE[:6]
    yield "ErrorPath", waiter(path("Error.Code", "InBody"), path("Error", "text", "failure")), LOOSE


def functions():
    """(name, expression, values of `expected`, documents) of jmespath's functions."""
    yield "Length", "length(A)", (0, 1, 2, True), LOOSE
    yield "LengthText", "length('\U0001f600é') == `2`", (True,), LOOSE[:4]
    yield "Contains", "contains(A, 'x')", (True, False), LOOSE
    yield "ContainsOne", "contains(A, `1`)", (True, False), LOOSE
    yield "ContainsNull", "contains(A, `null`)", (True, False), LOOSE
    yield "ContainsObject", "contains(A, `{\"a\": true}`)", (True, False), values([{"a": 1}], [{}])
    yield "ContainsOther", "contains(A, B)", (True, False), PAIRS
    yield "Keys", "keys(A)", (["b", "a"], ["a", "b"], []), MAPS
    yield "Values", "values(A)", ([1, 2], ["x", "y"], [None, 1]), MAPS
    yield "Wildcard", "A.*", ([1, 2], [1], ["x", "y"], []), MAPS
    yield "Sort", "sort(A)", ([1, 2, 3], ["a", "b"], [], ["Z", "a", "É", "\U0001f600"]), NUMBERS
    yield "Sum", "sum(A)", (6, 3.5, 0, 0.3, 0.30000000000000004, 2**53 + 2), NUMBERS
    yield "Avg", "avg(A)", (2, 2.0, None, 1.75), NUMBERS
    yield "Max", "max(A)", (3, 2.5, "b", None, "\U0001f600"), NUMBERS
    yield "Min", "min(A)", (1, "a", None, -1.5), NUMBERS
    yield "SumOverBounds", "sum(A) > `5`", (True, False), NUMBERS
    yield "Abs", "abs(A)", (1, 1.5, 1e16), SCALARS
    yield "Ceil", "ceil(A)", (-1, 3, 10**16), SCALARS
    yield "Floor", "floor(A)", (-2, 2, 1e16), SCALARS
    yield "SortBy", "sort_by(A, &b)[*].n", (["one", "two"], [2, 1], [1, 2], []), OBJECTS
    yield "MaxBy", "max_by(A, &b).n", ("two", 1, 2, None), OBJECTS
    yield "MinBy", "min_by(A, &b).n", ("one", 1, 2, None), OBJECTS
    yield "Map", "map(&b, A)", ([2, 1], [1, None], [None], []), OBJECTS
    yield "Join", "join(', ', A)", ("b, a", ""), NUMBERS
    yield "ToString", "to_string(A)", LOOSE_TEXTS, LOOSE
    yield "ToNumber", "to_number(A)", (1, 1.5, -12, 1000.0, 0, None, 2**53 + 1), NUMERALS
    yield "ToArray", "to_array(A)", ([1], [None], ["x"], [{}]), LOOSE
    yield "Type", "type(A)", TYPES, LOOSE
    yield "StartsWith", "starts_with(A, 'Gr')", (True, False), values("Grün", "gr", "", None, [])
    yield "EndsWith", "ends_with(A, 'ün')", (True, False), values("Grün", "n", "", None, 1)
    yield "NotNull", "not_null(A, B, 'z')", (1, "z", False), PAIRS[::3] + [{"B": 1}]
    yield "Reverse", "reverse(A)", ("cba", [2, 1], ""), values("abc", [1, 2], "", [], None, 1)
    yield "Merge", "merge(A, B)", ({"a": 2}, {"a": 1, "b": 1}), MERGES
    yield "Unknown", "nonsense(A)", (1,), LOOSE[:3]
    yield "Arity", "length(A, A)", (1,), LOOSE[:3]
    yield "ArityMany", "contains(A)", (True,), LOOSE[:3]
    yield "ArityVariadic", "not_null()", (None,), LOOSE[:3]


LOOSE_TEXTS = (
    "null", "true", "1", "1.0", "1e+16", "10000000000000000", "", "[]", '["x",null]', '{"a":1}',
    '{"b":1,"a":2}', "[[1]]",
)  # fmt: skip
NUMERALS = values(
    "1", "1.0", "1.5", " -12 ", "1e3", "1_000", "+0", "0x10", "1.", ".5", "", "x", "true", True,
    None, 1, 1.5, [1], {}, "9007199254740993", "[1]", '"1"', "01", "-0",
)  # fmt: skip
TYPES = ("string", "boolean", "array", "object", "number", "null")
MERGES = [
    {"A": left, "B": right}
    for left, right in itertools.product(({"a": 1}, {}, None, [], "x"), ({"a": 2}, {"b": 1}, {}))
]


def expressions():
    """(name, expression, values of `expected`, documents) of jmespath's syntax."""
    for name, operator in (
        ("Less", "<"), ("LessEqual", "<="), ("Greater", ">"), ("GreaterEqual", ">="),
        ("Equal", "=="), ("NotEqual", "!="),
    ):  # fmt: skip
        yield f"Compare{name}", f"A {operator} B", (True, False, None), PAIRS
    yield "CompareTexts", "'a' < 'b'", (True, False), LOOSE[:2]
    yield "CompareDates", "A > '2026-01-01'", (True, None), values("2026-05-01", "2025", None, 1)
    yield "CompareNothing", "A == B", (True, False), [{}, {"A": None}, {"A": 1}, {"B": 0}]
    yield "CompareLiteral", "A == `1`", (True, False), LOOSE
    yield "CompareBoolean", "A == `true`", (True, False), LOOSE
    yield "CompareList", "A == `[1]`", (True, False), LOOSE
    yield "Index", "A[1]", ("x", None, 1), MEMBERS
    yield "IndexNegative", "A[-1]", ("x", None, True), MEMBERS
    yield "Slice", "A[1:]", ([1], ["x"], [True], []), MEMBERS
    yield "SliceBack", "A[::-1]", ([1, "x"], ["x", 1], []), MEMBERS
    yield "SliceBounds", "A[-3:99:2]", ([1], ["x"], [0]), MEMBERS
    yield "SliceZero", "A[::0]", ([],), MEMBERS[::9]
    yield "IndexZero", "A[-0]", (1, "x", None), MEMBERS
    yield "IndexBig", "A[99999999999]", (None, 1), MEMBERS[::9]
    yield "MultiList", "[A, B]", ([1, 1], [None, None], ["a", 1]), [{}, *PAIRS[::4]]
    yield "MultiHash", "{b: A, a: B}", ({"a": 1, "b": 1}, {"b": None, "a": None}), [{}, *PAIRS]
    yield "ProjectHash", "A[*].{k: b}", ([{"k": 2}, {"k": 1}], [{"k": None}], []), OBJECTS
    yield "Flatten", "A[][]", ([1, 2, 3], []), values([[1, [2]], 3], [[[1], [2]], [[3]]], [[]], 1)
    yield "Pipe", "A[*].b | [0]", (1, "x", None, True), OBJECTS
    yield "PipeLength", "A[?b > `1`] | length(@)", (0, 1), OBJECTS
    yield "Filter", "A[?b].n", (["two", "one"], [1, 2], []), OBJECTS
    yield "FilterNot", "A[?!b]", ([{}], [], [{"b": None}]), OBJECTS
    yield "FilterOr", "A[?b == `1` || n == 'two'].b", ([2, 1], [1, 1], [1]), OBJECTS
    yield "Or", "A || B", (1, "a", None, [1]), PAIRS
    yield "And", "A && B", (1, "a", None, True), PAIRS
    yield "Not", "!A", (True, False), LOOSE
    yield "Current", "@.A", (1, "x"), LOOSE
    yield "Quoted", '"A"', (1, "x"), LOOSE
    yield "RawQuote", "A == 'it\\'s'", (True,), values("it's", "it\\'s")
    yield "LiteralObject", '`{"a": [1, null]}`', ({"a": [1, None]},), LOOSE[:2]
    yield "LiteralDeprecated", "A == `x`", (True,), values("x", "y")
    yield "SubText", "A.b", (None, 1), LOOSE


def invalid():
    """What botocore refuses only when the waiter is used, before the first call."""
    documents = LOOSE[:2]
    yield "InvalidExpression", waiter(path("A[?b", 1)), documents
    yield "InvalidToken", waiter(path("A = B", 1)), documents
    yield "InvalidSyntax", waiter(path("A b", 1)), documents
    yield "InvalidNoArgument", waiter(acceptor("success", "path", 1)), documents
    yield "InvalidMatcher", waiter(acceptor("success", "pathNone", 1, "A")), documents
    for key in ("state", "matcher", "expected"):
        partial = path("A", 1)
        del partial[key]
        yield f"InvalidNo{key.capitalize()}", waiter(partial), documents
    for key in ("operation", "delay", "maxAttempts", "acceptors"):
        partial = waiter(path("A", 1))
        del partial[key]
        yield f"InvalidNo{key[0].upper()}{key[1:]}", partial, documents


def waiters():
    """(service, name, config, documents) of all of them."""
    for name, config, documents in itertools.chain(
        expectations(), states(), bounds(), services(), invalid()
    ):
        yield "odd", name, config, documents
    for name, expression, expected, documents in itertools.chain(functions(), expressions()):
        cycle = itertools.cycle(("success", "failure", "retry"))
        acceptors = [path(expression, value, state) for value, state in zip(expected, cycle)]
        yield "odd", f"Path{name}", waiter(*acceptors), documents
        members = [value[0] for value in expected if isinstance(value, list) and value]
        for member in members[:1]:
            acceptors = [
                acceptor("failure", "pathAll", member, expression),
                acceptor("success", "pathAny", member, expression),
            ]
            yield "odd", f"Members{name}", waiter(*acceptors), documents
