"""What botocore's paginators make of all pages of operations.

Usage: python pages.py ENDPOINT '[["dynamodb", "ListTables", {"Limit": 2}], …]'

Prints one merged document a line, and how many pages there were, as `[document, pages]`.
"""

import json
import sys

import botocore.session

from wire import plain


def main(endpoint, calls):
    session = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "not-a-secret")
    for service, operation, parameters in json.loads(calls):
        client = session.create_client(service, "eu-central-1", endpoint_url=endpoint)
        method = botocore.xform_name(operation)
        pages = len(list(client.get_paginator(method).paginate(**parameters)))
        merged = client.get_paginator(method).paginate(**parameters).build_full_result()
        print(json.dumps([plain(merged), pages]))


main(*sys.argv[1:])
