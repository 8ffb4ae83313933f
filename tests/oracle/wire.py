"""Random calls of the operations of services, and what botocore makes of them.

Usage: wire.py SEED CASES SERVICE[:OPERATIONS]…

Takes OPERATIONS operations of a service (all of them where it is not said), and CASES cases of each
operation.
Prints one JSON object a line: the input and the request that botocore makes of it; replies and the
documents that botocore reads from them. Operations that stream events are left out.
"""

import base64
import datetime
import json
import math
import random
import sys
import types
import xml.etree.ElementTree
from xml.sax.saxutils import escape, quoteattr

import botocore.handlers
import botocore.parsers
import botocore.serialize
import botocore.session
from botocore.awsrequest import HeadersDict
from botocore.utils import percent_encode_sequence

DEPTH = 6
WORDS = ["a", "cluster-1", "ünï çödé", "x & y <z>", "", " spaced ", "100%", "a+b=c", "日本"]
# What HTTP carries as it is in a header, and what a path can have.
HEADER_WORDS = ["a", "cluster-1", "x & y <z>", "100%", "a+b=c"]
PATH_WORDS = ["a", "cluster-1", "x & y <z>", "100%", "ünï", "a/b", "arn:aws:x:::y/z"]
DOCUMENT = {"a": [1, 2.5, "x", None, {"b": True}], "ü": {}}
ELSEWHERE = ("header", "headers", "statusCode")
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def to_bytes(root, encoding):
    """Elements without content as two tags, so that texts can be compared."""
    text = xml.etree.ElementTree.tostring
    return text(root, encoding="unicode", short_empty_elements=False).encode(encoding)


botocore.serialize.ElementTree = type(
    "ElementTree",
    (),
    {
        "Element": xml.etree.ElementTree.Element,
        "SubElement": xml.etree.ElementTree.SubElement,
        "tostring": staticmethod(to_bytes),
    },
)


class Cases:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def scalar(self, shape):
        rng = self.random
        kind = shape.type_name
        if kind == "string":
            values = shape.enum
            if values and rng.random() < 0.8:
                return rng.choice(values)
            location = shape.serialization.get("location")
            if shape.metadata.get("contextParam", {}).get("name") == "KvsARN":
                return "arn:aws:cloudfront::123456789012:key-value-store/a"
            if shape.metadata.get("contextParam"):
                # Endpoint rules want an account, a name, …
                label = "123456789012" if "Account" in shape.name else "label-1"
                return label.ljust(int(shape.metadata.get("min", 0)), "1")
            if shape.serialization.get("hostLabel"):
                return "label-1"
            if location == "uri":
                return rng.choice(PATH_WORDS) + "y" * int(shape.metadata.get("min", 0))
            if location in ("header", "headers"):
                return rng.choice(HEADER_WORDS) + "y" * int(shape.metadata.get("min", 0))
            return rng.choice(WORDS) + "y" * int(shape.metadata.get("min", 0))
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "long"):
            limit = 2**31 - 1 if kind == "integer" else 2**63 - 1
            least = int(shape.metadata.get("min", 0))
            return max(least, rng.choice([0, 1, 7, limit, rng.randrange(limit)]))
        if kind in ("float", "double"):
            least = float(shape.metadata.get("min", -10))
            return max(least, rng.choice([0.0, 1.5, 1000.0, -2.25, rng.random()]))
        if kind == "timestamp":
            moment = datetime.datetime.fromtimestamp(rng.randrange(0, 4 * 10**9), datetime.timezone.utc)
            if rng.random() < 0.4:
                moment = moment.replace(microsecond=rng.randrange(10**6))
            return moment.isoformat()
        if kind == "blob":
            return base64.b64encode(rng.randbytes(rng.randrange(20))).decode()
        raise ValueError(kind)

    def value(self, shape, depth=0, full=False):
        rng = self.random
        kind = shape.type_name
        if kind == "structure" and shape.is_document_type:
            return DOCUMENT
        if kind == "structure":
            required = shape.metadata.get("required", [])
            chance = 1.0 if full and depth < 3 else 0.7 if depth < 3 else 0.4
            chosen = {}
            if shape.is_tagged_union:
                names = [n for n, m in shape.members.items() if is_flat(m)] if depth > DEPTH else []
                name = rng.choice(names or list(shape.members))
                return {name: self.value(shape.members[name], depth + 1, full)}
            for name, member in shape.members.items():
                if member.metadata.get("idempotencyToken"):
                    # Otherwise the client makes one up.
                    chosen[name] = self.value(member, depth + 1, full)
                    continue
                deep = member.type_name in ("structure", "list", "map") and depth > DEPTH
                if name in required or (rng.random() < chance and not deep):
                    chosen[name] = self.value(member, depth + 1, full)
            return chosen
        if kind == "list":
            least = int(shape.metadata.get("min", 0))
            count = max(least, 0 if depth > DEPTH else rng.choice([0, 1, 1, 2, 3]))
            if shape.serialization.get("location") == "header" and shape.member.type_name != "string":
                return [self.scalar(shape.member) for _ in range(count)]
            if shape.serialization.get("location") == "header":
                return [rng.choice(shape.member.enum or HEADER_WORDS) for _ in range(count)]
            return [self.value(shape.member, depth + 1, full) for _ in range(count)]
        if kind == "map":
            count = rng.choice([0, 1, 2])
            if shape.serialization.get("location") == "headers":
                return {f"key-{n}": rng.choice(HEADER_WORDS) for n in range(count)}
            keys = [f"key {n}".ljust(int(shape.key.metadata.get("min", 0)), "y") for n in range(count)]
            return {key: self.value(shape.value, depth + 1, full) for key in keys}
        return self.scalar(shape)


def is_flat(shape):
    return shape.type_name not in ("structure", "list", "map")


def for_botocore(value, shape):
    """Blobs are text in JSON and bytes in Python."""
    kind = shape.type_name
    if kind == "structure" and shape.is_document_type:
        return value
    if kind == "structure":
        return {name: for_botocore(member, shape.members[name]) for name, member in value.items()}
    if kind == "list":
        return [for_botocore(item, shape.member) for item in value]
    if kind == "map":
        return {key: for_botocore(item, shape.value) for key, item in value.items()}
    return base64.b64decode(value) if kind == "blob" else value


def element(name, content, attributes=""):
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def to_xml(name, value, shape):
    """The element of a value, as a service writes it."""
    kind = shape.type_name
    named = shape.serialization.get("name", name)
    if kind == "structure":
        return element(named, members(value, shape), attributes(value, shape))
    if kind == "list":
        if shape.serialization.get("flattened"):
            item = shape.member.serialization.get("name", named)
            return "".join(to_xml(item, each, shape.member) for each in value)
        return element(named, "".join(to_xml("member", each, shape.member) for each in value))
    if kind == "map":
        entries = [
            to_xml("key", key, shape.key) + to_xml("value", each, shape.value)
            for key, each in value.items()
        ]
        if shape.serialization.get("flattened"):
            return "".join(element(named, entry) for entry in entries)
        return element(named, "".join(element("entry", entry) for entry in entries))
    return element(named, escape(text_of(value, shape)))


def text_of(value, shape):
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return value.replace("+00:00", "Z")
    return str(value)


def attributes(value, shape):
    found = ""
    for name, each in value.items():
        if shape.members[name].serialization.get("xmlAttribute"):
            found += f" {shape.members[name].serialization['name']}={quoteattr(each)}"
    return f' xmlns:xsi="{XSI}"{found}' if found else ""


def in_body(member):
    return member.serialization.get("location") not in ELSEWHERE


def members(value, shape):
    return "".join(
        to_xml(name, each, shape.members[name])
        for name, each in value.items()
        if in_body(shape.members[name]) and not shape.members[name].serialization.get("xmlAttribute")
    )


def to_json(value, shape):
    """A value as a service that speaks JSON writes it."""
    kind = shape.type_name
    if kind == "structure" and not shape.is_document_type:
        found = {}
        for name, each in value.items():
            if in_body(shape.members[name]):
                wire_name = shape.members[name].serialization.get("name", name)
                found[wire_name] = to_json(each, shape.members[name])
        return found
    if kind == "list":
        return [to_json(each, shape.member) for each in value]
    if kind == "map":
        return {key: to_json(each, shape.value) for key, each in value.items()}
    if kind == "timestamp" and shape.serialization.get("timestampFormat") != "iso8601":
        return datetime.datetime.fromisoformat(value).timestamp()
    return value


def to_headers(value, shape):
    """The members that go into headers."""
    headers = {}
    for name, each in value.items():
        member = shape.members[name]
        location = member.serialization.get("location")
        wire_name = member.serialization.get("name", name).lower()
        if location == "headers":
            headers.update({f"{wire_name}{key}": text for key, text in each.items()})
        elif location == "header" and member.type_name == "list":
            if each:
                headers[wire_name] = ", ".join(text_of(item, member.member) for item in each)
        elif location == "header" and member.serialization.get("jsonvalue"):
            headers[wire_name] = base64.b64encode(json.dumps(each).encode()).decode()
        elif location == "header":
            headers[wire_name] = text_of(each, member)
    return headers


def plain(value):
    """What botocore read, as JSON."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], xml.etree.ElementTree.Element):
        # botocore forgets to read an element that comes more than once where one is expected.
        return value[0].text or ""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no number for it.
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


class Wire:
    """A service as botocore speaks it."""

    def __init__(self, name, seed):
        self.service = botocore.session.get_session().get_service_model(name)
        self.protocol = self.service.resolved_protocol
        if "cbor" in self.protocol:
            raise SystemExit(f"{name}: botocore prefers {self.protocol}")
        self.serializer = botocore.serialize.create_serializer(self.protocol)
        self.parser = botocore.parsers.create_parser(self.protocol)
        self.cases = Cases(seed)
        self.is_json = self.protocol in ("json", "rest-json")

    def operations(self, count):
        names = self.service.operation_names
        if count and count < len(names):
            names = sorted(self.cases.random.sample(names, count))
        models = map(self.service.operation_model, names)
        return [m for m in models if not (m.has_event_stream_input or m.has_event_stream_output)]

    def request(self, given, operation):
        """The request of an input."""
        python = for_botocore(given, operation.input_shape) if given else {}
        if self.service.service_name == "s3":
            botocore.handlers.remove_bucket_from_url_paths_from_model(python, operation, {})
        if self.service.service_name == "route53":
            botocore.handlers.fix_route53_ids(python, operation)
        made = self.serializer.serialize_to_request(python, operation)
        target = made["url_path"]
        # As `_urljoin` of botocore has it; a `?` before an empty query string says nothing.
        target = target if target.startswith("/") else f"/{target}"
        query = percent_encode_sequence(made["query_string"])
        if query:
            target += ("&" if "?" in target else "?") + query
        body = made["body"]
        if isinstance(body, dict):
            body = {"form": {key: str(value) for key, value in body.items()}}
        else:
            body = body.encode() if isinstance(body, str) else body
            kind = made["headers"].get("Content-Type", "")
            is_json = kind.startswith("application/") and "json" in kind and self.is_json
            if is_json and not self.is_raw(operation):
                body = {"json": json.loads(body)}
            else:
                body = {"base64": base64.b64encode(body).decode()}
        headers = {name.lower(): str(value) for name, value in made["headers"].items()}
        return {"method": made["method"], "target": target, "headers": headers, "body": body}

    def is_raw(self, operation):
        shape = operation.input_shape
        payload = shape.serialization.get("payload") if shape else None
        return payload is not None and is_flat(shape.members[payload])

    def parse(self, operation, status, headers, body):
        """The document of a reply, as botocore's endpoint makes it."""
        headers = {"content-type": "text/plain", **headers, "content-length": str(len(body))}
        response = {
            "status_code": status,
            "headers": HeadersDict(headers),
            "body": body,
            "context": {},
        }
        parsed = self.parser.parse(response, operation.output_shape)
        if status >= 301:
            code = parsed.get("Error", {}).get("Code")
            shape = self.service.shape_for_error_code(code)
            if shape is not None:
                parsed.update(self.parser.parse(response, shape))
        elif operation.name == "GetBucketLocation":
            http = types.SimpleNamespace(raw=body, content=body)
            botocore.handlers.parse_get_bucket_location(parsed, http)
        elif operation.has_streaming_output:
            # botocore gives a stream; in JSON it is base64.
            payload = operation.output_shape.serialization["payload"]
            parsed[payload] = base64.b64encode(body).decode()
        parsed["ResponseMetadata"]["RetryAttempts"] = 0
        parsed["ResponseMetadata"]["HTTPHeaders"] = headers
        return {"status": status, "headers": headers, "body": body.decode(), "parsed": plain(parsed)}

    def output(self, operation, full):
        """A reply of a random output."""
        shape = operation.output_shape
        value = self.cases.value(shape, full=full) if shape is not None else {}
        headers = {"x-amzn-requestid": "request-1"}
        if shape is not None and self.protocol.startswith("rest"):
            headers.update(to_headers(value, shape))
        if operation.http.get("method") == "HEAD":
            return headers, b""
        if self.is_json:
            return headers, self.json_body(value, shape)
        return headers, self.xml_body(operation, value, shape)

    def json_body(self, value, shape):
        if shape is None:
            return b""
        payload = shape.serialization.get("payload")
        if payload is not None and is_flat(shape.members[payload]):
            return "raw ünï".encode()
        if payload is not None:
            member = shape.members[payload]
            return json.dumps(to_json(value[payload], member)).encode() if payload in value else b"{}"
        return json.dumps(to_json(value, shape)).encode()

    def xml_body(self, operation, value, shape):
        namespace = self.service.metadata.get("xmlNamespace", "urn:none")
        name = f"{operation.name}Response"
        content = ""
        if self.protocol == "rest-xml":
            payload = shape.serialization.get("payload") if shape is not None else None
            if shape is None:
                return b""
            if payload is not None and is_flat(shape.members[payload]):
                return "raw ünï".encode()
            if payload is not None:
                value, shape = value.get(payload, {}), shape.members[payload]
            content = members(value, shape)
        elif self.protocol == "ec2":
            content = members(value, shape) if shape is not None else ""
            content = "<requestId>request-2</requestId>" + content
        else:
            if shape is not None:
                content = members(value, shape)
                wrapper = shape.serialization.get("resultWrapper")
                content = element(wrapper, content) if wrapper else content
            content += "<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata>"
        return f'<?xml version="1.0"?><{name} xmlns="{namespace}">{content}</{name}>'.encode()

    def error(self, operation):
        """A reply of a random error of the operation."""
        rng = self.cases.random
        shape = rng.choice(operation.error_shapes) if operation.error_shapes else None
        code = shape.error_code if shape is not None else "AccessDenied"
        value = self.cases.value(shape) if shape is not None else {}
        headers = {"x-amz-request-id": "request-3", "x-amz-id-2": "host-3"}
        if operation.http.get("method") == "HEAD":
            return headers, b""
        if self.protocol.startswith("rest") and shape is not None:
            headers.update(to_headers(value, shape))
        if not self.is_json:
            return headers, self.xml_error(code, value, shape)
        headers["x-amzn-requestid"] = "request-1"
        body = to_json(value, shape) if shape is not None else {}
        if rng.random() < 0.5 and self.protocol == "rest-json":
            headers["x-amzn-errortype"] = f"{code}:http://internal.example/"
        else:
            body["__type"] = rng.choice([code, f"com.example#{code}"])
        if self.service.is_query_compatible and rng.random() < 0.5:
            headers["x-amzn-query-error"] = "Old.Code;Sender"
        body.setdefault(rng.choice(["message", "Message"]), "No, & never.")
        return headers, json.dumps(body).encode()

    def xml_error(self, code, value, shape):
        namespace = self.service.metadata.get("xmlNamespace", "urn:none")
        value = {name: each for name, each in value.items() if name not in ("Code", "Message")}
        content = f"<Code>{code}</Code><Message>No, &amp; never.</Message>"
        content += members(value, shape) if shape is not None else ""
        if self.protocol == "ec2":
            return f"<Response><Errors><Error>{content}</Error></Errors><RequestID>request-1</RequestID></Response>".encode()
        if self.service.service_name == "s3":
            return f"<Error>{content}<RequestId>request-1</RequestId><HostId>h</HostId></Error>".encode()
        return (
            f'<ErrorResponse xmlns="{namespace}"><Error><Type>Sender</Type>{content}'
            "</Error><RequestId>request-1</RequestId></ErrorResponse>"
        ).encode()

    def case(self, operation, full):
        given = {}
        if operation.input_shape is not None:
            given = self.cases.value(operation.input_shape)
        return {
            "service": self.service.service_name,
            "operation": operation.name,
            "input": given,
            "protocol": self.protocol,
            "request": self.request(given, operation),
            "replies": [
                self.parse(operation, 200, *self.output(operation, full)),
                self.parse(operation, 400, *self.error(operation)),
            ],
        }


def main():
    seed, count = map(int, sys.argv[1:3])
    for service in sys.argv[3:]:
        name, _, operations = service.partition(":")
        wire = Wire(name, seed)
        for operation in wire.operations(int(operations or 0)):
            for case in range(count):
                print(json.dumps(wire.case(operation, full=case == 0)))


if __name__ == "__main__":
    main()
