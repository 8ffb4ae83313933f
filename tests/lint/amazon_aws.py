"""Writes the waiters of an amazon.aws collection as waiter files, for `maitred lint`.

    python tests/lint/amazon_aws.py plugins/module_utils/waiters.py OUT

The dictionaries `<service>_data` of the file are read and nothing of it is run.
"""

import ast
import json
import pathlib
import sys

source, out = map(pathlib.Path, sys.argv[1:])
out.mkdir(parents=True, exist_ok=True)
# waf_data serves two clients with the same operations.
services = {"waf": ["waf", "waf-regional"]}
for statement in ast.parse(source.read_text()).body:
    if not isinstance(statement, ast.Assign):
        continue
    name = getattr(statement.targets[0], "id", "")
    if not name.endswith("_data"):
        continue
    data = ast.literal_eval(statement.value)
    key = name.removesuffix("_data")
    for service in services.get(key, [key]):
        (out / f"{service}.json").write_text(json.dumps({"version": 2, **data}, indent=2) + "\n")
