"""Where botocore sends the calls of a service.

Usage: endpoints.py REGIONS SERVICE…

REGIONS is `all`, or names with commas between them. Prints one JSON object a line for every service
and region, with and without FIPS and dual stack: an operation that takes no input, and its URL, or
null where botocore's rules end with an error. Services without such an operation are left out.
"""

import itertools
import json
import sys

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError


def plain_operation(service):
    """The first operation that needs no input, and none of the rules' parameters."""
    for name in service.operation_names:
        operation = service.operation_model(name)
        shape = operation.input_shape
        required = shape.required_members if shape is not None else []
        endpoint = operation.endpoint or {}
        if not required and "hostPrefix" not in endpoint and not operation.static_context_parameters:
            if not (operation.has_event_stream_input or operation.has_event_stream_output):
                return name
    return None


def cases(name, regions, session):
    loader = session.get_component("data_loader")
    operation = plain_operation(session.get_service_model(name))
    if operation is None:
        return
    rules = loader.load_service_model(name, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    urls = (None, "http://localhost:4566", "https://example.com/path/")
    flags = (False, True)
    for region, fips, dual, url in itertools.product(regions, flags, flags, urls):
        # botocore/args.py: neither is combined with an endpoint that is given.
        parameters = {"Region": region, "UseFIPS": fips and not url, "UseDualStack": dual and not url}
        if url:
            parameters["Endpoint"] = url
        known = {key: value for key, value in parameters.items() if key in rules["parameters"]}
        try:
            resolved = provider.resolve_endpoint(**known).url
        except EndpointProviderError:
            resolved = None
        case = {"service": name, "operation": operation, "region": region}
        case |= {"fips": fips, "dualStack": dual, "given": url, "url": resolved}
        print(json.dumps(case))


def main():
    session = botocore.session.get_session()
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    regions = {region for partition in partitions for region in partition["regions"]}
    # Regions that are not listed, and what is no region.
    regions |= {"us-newest-9", "cn-newest-9", "us-gov-newest-9", "mars-1", "us-east-1x"}
    if sys.argv[1] != "all":
        regions = sys.argv[1].split(",")
    for name in sys.argv[2:]:
        cases(name, sorted(regions), session)


if __name__ == "__main__":
    main()
