"""The lines of README for `docker compose`: they name what exists, and a backup and a restore by
them work, with the environment that each container would have.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest
from django.core.management import get_commands

from tests.deploy import compose, readme_lines
from tests.deploy.compose import OnThisMachine
from tests.deploy.test_compose import FILLED_IN, ComposePostgres, prepare_database
from tests.harness.prepared import ROOT
from tests.harness.products import scratch_folder

# Programs of the image of PostgreSQL.
OF_POSTGRES = {"pg_dump", "pg_restore", "psql"}
# As if workers had run: nothing that a demo begins with is late.
WORKED = """docker compose run --rm migrate python manage.py shell --no-imports -c '
from crm import tasks
tasks.sweep(60)
tasks.drain(60)
'"""
VERBS = {"up", "build", "exec", "run"}


def program_of(line):
    """The program that a line starts in a container; of `sh -c`, the first of its words."""
    if line.command[:2] == ["sh", "-c"]:
        return line.command[2].split()[0]
    return line.command[0]


def test_readme_names_services_and_commands_that_exist():
    services = compose.read(FILLED_IN)["services"]
    lines = readme_lines.in_readme()
    assert {line.verb for line in lines} == VERBS
    assert {line.service for line in lines} - {""} <= set(services)
    started = [line for line in lines if line.verb in ("exec", "run") and line.command]
    ours = [line for line in started if line.service != "postgres"]
    # Only the image of PostgreSQL has its programs, and it has no Python.
    assert {program_of(line) for line in started if line not in ours} <= OF_POSTGRES
    assert {line.command[0] for line in ours} == {"python"}
    managed = {line.command[2] for line in ours if line.command[1] == "manage.py"}
    assert managed == {"doctor", "reset_second_factor", "finish_restore", "check_invariants"}
    assert managed <= set(get_commands())
    modules = [line.command[2:] for line in ours if line.command[1] == "-m"]
    assert modules == [["crm.deploy.backups", "pack"]]
    # `exec` needs a service that runs on; `run` is for the one that ends.
    assert {services[line.service]["restart"] for line in lines if line.verb == "run"} == {"no"}
    assert {services[line.service]["restart"] for line in lines if line.verb == "exec"} == {
        "unless-stopped"
    }


@pytest.mark.parametrize("name", ["relevo_owner", "relevo", "postgres"])
def test_roles_and_database_of_these_lines_exist(name):
    taking, restoring = readme_lines.backup_block()
    assert name in taking + restoring
    made = (ROOT / "crm/deploy/roles.sql").read_text() + "postgres"  # the image's superuser
    assert name in made


class Machine:
    """A machine with the services of the file, and a `docker` for the lines of README."""

    def __init__(self, folder, mode):
        for inside in ("app/static", "data", "tmp", "bin"):
            (folder / inside).mkdir(parents=True)
        file = compose.read({**FILLED_IN, "RELEVO_MODE": mode})
        self.folder = folder
        self.postgres = ComposePostgres(folder, for_tests=True)
        self.postgres.more = tuple(file["services"]["postgres"]["command"][1:])
        self.here = OnThisMachine(file, folder, self.postgres, {"valkey": 1, "web": 1})
        services = {
            name: {
                "environment": self.here.environment(name),
                "command": service["command"],
            }
            for name, service in self.here.services.items()
        }
        # The socket of the container's own server is where its programs look for it.
        services["postgres"]["environment"]["PGHOST"] = str(self.postgres.runtime)
        (folder / "services.json").write_text(json.dumps(services))
        docker = folder / "bin/docker"
        docker.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.deploy.readme_lines "$@"\n')
        docker.chmod(0o755)

    def run(self, script):
        """Run lines of README in the folder of this machine; what they print."""
        environment = {
            "PATH": os.pathsep.join([str(self.folder / "bin"), "/usr/bin", "/bin"]),
            "PYTHONPATH": str(ROOT),
            "SERVICES": str(self.folder / "services.json"),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def count(self, table):
        _code, said = self.postgres.run(
            "psql", "-XAtq", "-d", "relevo", "-c", f"SELECT count(*) FROM {table}"
        )
        return int(said)


@pytest.mark.long_faults
def test_backup_and_restore_by_the_lines_of_readme():
    taking, restoring = readme_lines.backup_block()
    with scratch_folder() as one, scratch_folder() as other:
        old, new = Machine(one, "demo"), Machine(other, "demo")
        try:
            prepare_database(old.here)
            old.run(f"docker compose run --rm migrate\n{WORKED}")
            old.run(taking)
            file = one / "relevo.zip"
            assert file.stat().st_mode & 0o777 == 0o600
            shutil.copy(file, other)
            prepare_database(new.here)
            said = new.run(restoring)
            assert FILLED_IN["SECRET_KEY"] in said
            assert "Restored the backup of" in said
            for table in ("leads_lead", "leads_event", "audit_entry", "accounts_user"):
                more = int(table == "audit_entry")  # that of the restore
                assert new.count(table) == old.count(table) + more > 0, table
            done = (other / "services.done").read_text().splitlines()
            assert done[:2] == ["build", "up -d --wait postgres"]
            assert done[-1] == "up -d"
        finally:
            old.postgres.stop()
            new.postgres.stop()
