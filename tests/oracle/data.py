"""Prints where botocore's data is, as JSON."""

import json
import os

import botocore

print(json.dumps(os.path.join(os.path.dirname(botocore.__file__), "data")))
