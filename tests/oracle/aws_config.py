"""Tells what botocore reads in configuration files.

Reads a JSON list of [config, credentials, profile or null] from stdin, texts in hexadecimal digits, and prints a JSON
list: for each the region, {"region": TEXT or null}, or {"error": NAME}.
"""

import json
import os
import sys
import tempfile

import botocore.exceptions
import botocore.session


def read(folder, config, credentials, profile):
    session = botocore.session.Session(profile=profile)
    for name, text in (("config_file", config), ("credentials_file", credentials)):
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(bytes.fromhex(text))
        session.set_config_variable(name, path)
    try:
        return {"region": session.get_config_variable("region")}
    except botocore.exceptions.BotoCoreError as error:
        return {"error": type(error).__name__}


def main():
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as folder:
        json.dump([read(folder, *case) for case in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
