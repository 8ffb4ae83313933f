"""What botocore makes of given inputs and given replies.

Usage: directed.py FILE

FILE has a list of cases, `{service, operation, input, replies: [{status, headers, body}]}`. Prints each
with the request and with what botocore reads in the replies, in the form that `wire.py` has. A request or
reply that botocore refuses is null.
"""

import json
import sys

from wire import Wire


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return None


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    wires = {}
    for case in cases:
        wire = wires.setdefault(case["service"], Wire(case["service"], 0))
        operation = wire.service.operation_model(case["operation"])
        request = attempt(wire.request, case["input"], operation)
        replies = []
        for reply in case["replies"]:
            body = reply["body"].encode()
            parsed = attempt(wire.parse, operation, reply["status"], reply["headers"], body)
            replies.append(parsed or {**reply, "parsed": None})
        print(json.dumps({**case, "protocol": wire.protocol, "request": request, "replies": replies}))


if __name__ == "__main__":
    main()
