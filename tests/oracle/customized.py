"""What botocore's clients send, and what they make of the reply.

Usage: customized.py CASE…

A case is a JSON object: `service`, `operation`, `input`, and optionally `region`, `endpoint` and `reply`, the
body of the answer. Nothing is sent. Prints one JSON object a line: the method, the URL and the headers of
the request, or `refused`; and of a reply `output`.
"""

import json
import sys

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class Raw:
    """The body of a reply, as the HTTP client has it."""

    def __init__(self, body):
        self.body = body

    def stream(self, **_):
        yield self.body


def asked(case, session):
    client = session.create_client(
        case["service"],
        region_name=case.get("region", "eu-central-1"),
        endpoint_url=case.get("endpoint"),
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="not-a-secret",
        config=Config(retries={"max_attempts": 0}),
    )
    found = {}

    def answer(request, **_):
        headers = {name.lower(): text(value) for name, value in request.headers.items()}
        found.update(method=request.method, url=request.url, headers=headers)
        return AWSResponse(request.url, 200, {}, Raw(case.get("reply", "").encode()))

    client.meta.events.register("before-send", answer)
    try:
        reply = client._make_api_call(case["operation"], case["input"])
        reply.pop("ResponseMetadata", None)
        if "reply" in case:
            found["output"] = reply
    except (BotoCoreError, ClientError) as error:
        if not found:
            return {"refused": type(error).__name__}
    return found


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def main():
    session = botocore.session.get_session()
    for case in sys.argv[1:]:
        print(json.dumps(asked(json.loads(case), session)))


if __name__ == "__main__":
    main()
