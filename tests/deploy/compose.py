"""docker-compose.yml as compose reads it, and its services brought up on this machine instead of in
containers.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from crm.deploy.embedded import Postgres, Valkey
from crm.deploy.processes import die_with_parent
from tests.harness.prepared import OURS, ROOT

VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::?(?P<how>[-?])(?P<rest>[^}]*))?\})")
BINARIES = str(Path(sys.executable).parent)


class Unset(ValueError):
    """A variable that the file asks for is missing; says what compose would say."""


def interpolate(value: Any, variables: dict[str, str]) -> Any:
    """``value`` with ${NAME}, ${NAME:-default} and ${NAME:?words} replaced, and $$ as
    one dollar.
    """
    if isinstance(value, dict):
        return {key: interpolate(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [interpolate(one, variables) for one in value]
    if not isinstance(value, str):
        return value

    def replace(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        given = variables.get(found["name"], "")
        if not given and found["how"] == "?":
            raise Unset(f"{found['name']}: {found['rest']}")
        return given or (found["rest"] or "" if found["how"] == "-" else "")

    return VARIABLE.sub(replace, value)


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


def read(variables: dict[str, str] | None = None) -> dict[str, Any]:
    """The file, interpolated where ``variables`` are given."""
    found = yaml.safe_load(text())
    return found if variables is None else interpolate(found, variables)


def required() -> set[str]:
    """Variables without which compose does not start."""
    return {found["name"] for found in VARIABLE.finditer(text()) if found["how"] == "?"}


def env_example() -> dict[str, str]:
    """The settings of .env.example, each of them commented out there."""
    lines = re.findall(
        r"^# ([A-Z][A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    return dict(lines)


def seconds(words: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m)", words).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


def image_environment() -> dict[str, str]:
    """What the Dockerfile sets in the last stage."""
    last = (ROOT / "crm/deploy/Dockerfile").read_text().split("\nFROM ")[-1].replace("\\\n", " ")
    words = [
        word
        for line in last.splitlines()
        if line.startswith("ENV ")
        for word in shlex.split(line)[1:]
    ]
    return dict(word.split("=", 1) for word in words)


class OnThisMachine:
    """Services of the file as processes here: their commands, their environment, their health
    checks.

    What is a path or a host in the containers is rewritten to what stands for it here, and nothing
    else.
    """

    def __init__(
        self, file: dict[str, Any], folder: Path, postgres: Postgres, ports: dict[str, int]
    ) -> None:
        self.services, self.folder, self.postgres, self.ports = (
            file["services"],
            folder,
            postgres,
            ports,
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, value: str) -> str:
        """A path, an address or a URL of the containers, as it is on this machine."""
        socket = f"?host={self.postgres.runtime}&port=5432"
        value = re.sub(r"@postgres:5432/(\w+)", rf"@/\1{socket}", value)
        value = value.replace("//valkey:6379", f"//127.0.0.1:{self.ports['valkey']}")
        for inside in ("/app/static", "/data", "/tmp"):
            if value == inside or value.startswith(f"{inside}/"):
                return str(self.folder) + value
        return value

    def environment(self, name: str) -> dict[str, str]:
        """Only what the image and the file give, and where this machine keeps its programs."""
        given = {**image_environment(), **self.services[name].get("environment", {})}
        kept = {
            key: os.environ[key]
            for key in ("HOME", "LANG")
            if key in os.environ and key not in OURS
        }
        return {
            **kept,
            **{key: self.here(str(value)) for key, value in given.items()},
            "PATH": self.path(),
        }

    def path(self) -> str:
        valkey = Valkey(self.folder, for_tests=True).binary.parent
        return os.pathsep.join(
            [BINARIES, str(valkey), str(self.postgres.programs), "/usr/bin", "/bin"]
        )

    def start(self, name: str, *more: str) -> subprocess.Popen[bytes]:
        """Run the service's command, with ``more`` at its end for what a container would have of
        its own.
        """
        command = [self.here(str(word)) for word in self.services[name]["command"]]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*command, *more],
                cwd=ROOT,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        return self.processes[name]

    def check(self, name: str, *more: str) -> tuple[bool, str]:
        """Run the service's health check once."""
        _cmd, *words = self.services[name]["healthcheck"]["test"]
        command = [self.here(str(word)) for word in words]
        done = subprocess.run(
            [*command, *more], cwd=ROOT, env=self.environment(name), capture_output=True, text=True
        )
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def wait_until_healthy(self, name: str, *more: str, within: float = 120) -> None:
        until, said = time.monotonic() + within, ""
        while time.monotonic() < until:
            assert self.processes[name].poll() is None, self.said(name)
            healthy, said = self.check(name, *more)
            if healthy:
                return
            time.sleep(0.5)
        raise AssertionError(f"{name} is not healthy: {said}\n{self.said(name)}")

    def said(self, name: str) -> str:
        return f"{name}:\n{(self.folder / f'{name}.log').read_text()[-3000:]}"

    def stop(self) -> dict[str, int]:
        """Ask all to stop, as `docker compose stop` does; returns how each ended."""
        for process in self.processes.values():
            process.terminate()
        return {name: self.ended(name) for name in self.processes}

    def ended(self, name: str) -> int:
        try:
            return self.processes[name].wait(
                timeout=seconds(self.services[name].get("stop_grace_period", "10s"))
            )
        except subprocess.TimeoutExpired:
            os.killpg(self.processes[name].pid, signal.SIGKILL)
            return self.processes[name].wait()
