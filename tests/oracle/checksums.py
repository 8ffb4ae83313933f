"""The checksums that botocore adds to requests.

Usage: checksums.py SEED SERVICE…

Prints one JSON object a line for each operation of the services: its input, the body that botocore writes,
and the headers that are about its checksum; "unsupported" where botocore cannot make the one asked for.
"""

import base64
import json
import sys

import botocore.exceptions
import botocore.httpchecksum
from botocore.config import Config
from wire import Wire

PREFIXES = ("x-amz-checksum-", "x-amz-sdk-checksum-", "content-md5")


def case(wire, operation):
    given = wire.cases.value(operation.input_shape) if operation.input_shape is not None else {}
    made = wire.request(given, operation)
    body = made["body"]
    body = json.dumps(body["json"]).encode() if "json" in body else base64.b64decode(body["base64"])
    request = {
        "url": "http://127.0.0.1/",
        "headers": made["headers"],
        "body": body,
        "context": {"client_config": Config(request_checksum_calculation="when_supported")},
    }
    found = {"service": wire.service.service_name, "operation": operation.name, "input": given}
    try:
        botocore.httpchecksum.resolve_request_checksum_algorithm(request, operation, given)
    except (botocore.exceptions.FlexibleChecksumError, botocore.exceptions.MissingDependencyException):
        return {**found, "unsupported": True}
    botocore.httpchecksum.apply_request_checksum(request)
    headers = {name.lower(): value for name, value in request["headers"].items()}
    headers = {name: value for name, value in headers.items() if name.startswith(PREFIXES)}
    return {**found, "body": base64.b64encode(body).decode(), "headers": headers}


def main():
    seed = int(sys.argv[1])
    for name in sys.argv[2:]:
        wire = Wire(name, seed)
        for operation in wire.operations(0):
            print(json.dumps(case(wire, operation)))


if __name__ == "__main__":
    main()
