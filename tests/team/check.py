"""The hooks and the action, as pre-commit and GitHub would run them in a team's folder.

    check.py hooks|action MAITRED FOLDER

Exits with 1 if one of the checks fails. What the action does before it has a `maitred` is run with stand-ins for
rustup and cargo.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
INPUT = re.compile(r"\$\{\{ *inputs\.([a-z-]+) *\}\}")

CARGO = """#!/bin/sh
echo "cargo $*" >> "$STAND_INS/log"
while [ "$1" != --root ]; do shift; done
test -f Cargo.toml && mkdir -p "$2/bin" && cp "$STAND_INS/maitred" "$2/bin/maitred"
"""
RUSTUP = """#!/bin/sh
echo "rustup $*" >> "$STAND_INS/log"
"""


def hooks(maitred, folder):
    """Runs each hook on the files that it is for; the worst exit code."""
    for text in (ROOT / ".pre-commit-hooks.yaml", folder / ".pre-commit-config.yaml"):
        assert yaml.safe_load(text.read_text()), text
    known = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    [repo] = yaml.safe_load((folder / ".pre-commit-config.yaml").read_text())["repos"]
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    worst = 0
    for wanted in repo["hooks"]:
        hook = known[wanted["id"]]
        assert hook["language"] == "rust" and hook["name"] and hook["description"], hook
        found = [file for file in files if re.search(hook["files"], file)]
        assert found, hook
        command, *words = hook["entry"].split()
        assert command == "maitred", hook
        given = found if hook.get("pass_filenames", True) else []
        worst = max(worst, subprocess.run([maitred, *words, *given], cwd=folder).returncode)
    return worst


def action(maitred, folder):
    """Runs the steps of the action; the worst exit code."""
    home = ROOT / ".github/actions/waiters"
    text = (home / "action.yml").read_text()
    action = yaml.safe_load(text)
    assert action["name"] and action["description"] and action["runs"]["using"] == "composite"
    inputs = {name: one["default"] for name, one in action["inputs"].items()}
    assert all(one["description"] for one in action["inputs"].values())
    assert set(INPUT.findall(text)) == set(inputs), "each input is used, and each that is used exists"
    inputs |= {"working-directory": folder.name}
    worst = 0
    with tempfile.TemporaryDirectory() as temporary:
        runner = Runner(maitred, Path(temporary), folder.parent, home)
        for step in action["runs"]["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]), step
                continue
            # What somebody gives as an input is never a part of a script.
            assert step["shell"] == "bash" and "${{" not in step["run"], step
            given = {key: INPUT.sub(lambda found: inputs[found[1]], value) for key, value in step.get("env", {}).items()}
            where = INPUT.sub(lambda found: inputs[found[1]], step.get("working-directory", "."))
            worst = max(worst, runner.run(step["run"], given, where))
        log = runner.log()
    version = re.search(r'^rust-version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    assert f"rustup toolchain install {version} --profile minimal" in log, log
    assert f"cargo +{version} install --locked --path . --root " in log, log
    return worst


class Runner:
    """A runner's folders and variables, so far as the steps use them."""

    def __init__(self, maitred, temporary, workspace, home):
        self.workspace = workspace
        stand_ins = temporary / "stand-ins"
        stand_ins.mkdir()
        for name, text in (("cargo", CARGO), ("rustup", RUSTUP)):
            (stand_ins / name).write_text(text)
            (stand_ins / name).chmod(0o755)
        (stand_ins / "maitred").symlink_to(maitred)
        self.stand_ins = stand_ins
        self.variables = {
            "GITHUB_ACTION_PATH": str(home),
            "GITHUB_OUTPUT": str(temporary / "output"),
            "GITHUB_PATH": str(temporary / "path"),
            "HOME": str(temporary),
            "RUNNER_TEMP": str(temporary),
            "STAND_INS": str(stand_ins),
        }
        (temporary / "path").touch()

    def run(self, script, given, where):
        """Runs a step as GitHub does; its exit code."""
        added = Path(self.variables["GITHUB_PATH"]).read_text().split()
        path = os.pathsep.join([*reversed(added), str(self.stand_ins), os.environ["PATH"]])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        environment = {**self.variables, **given, "PATH": path}
        return subprocess.run(command, cwd=self.workspace / where, env=environment).returncode

    def log(self):
        """What the stand-ins were asked to do."""
        return (self.stand_ins / "log").read_text()


if __name__ == "__main__":
    check = {"hooks": hooks, "action": action}[sys.argv[1]]
    sys.exit(check(Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()))
