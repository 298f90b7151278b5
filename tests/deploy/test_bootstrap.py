"""The first command on a bare machine: what is done, what is not done twice, and what is said."""

import ast
import json
from pathlib import Path

import pytest

from crm.deploy import bootstrap
from crm.deploy.bootstrap import RUN, TESTS, Environment, candidates, find_python, prepare


class Recorded(Environment):
    """An environment that writes down what would be done."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.done: list[str] = []
        self.usable = True

    def version(self) -> str:
        return "3.11" if self.folder.exists() else ""

    def is_usable(self) -> bool:
        return self.usable and bool(self.version()) and not self.unfinished.exists()

    def make(self, python: str) -> None:
        self.done.append(f"make with {python}")
        self.folder.mkdir(exist_ok=True)
        self.unfinished.unlink(missing_ok=True)

    def install(self, files: list) -> None:
        self.done.append("install " + " ".join(files))
        self.marker.write_text(json.dumps(dict(self.digests(files), python="3.11")))

    def prepared(self, *files: str) -> list[str]:
        self.done = []
        prepare(self, list(files), find=lambda found: "python3.11")
        return self.done


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / RUN).write_text("django==5.2\n")
    (tmp_path / TESTS).write_text("django==5.2\npytest==9.2\n")
    return Recorded(tmp_path)


def test_first_time_makes_and_installs_and_the_second_does_nothing(environment):
    assert environment.prepared(RUN) == ["make with python3.11", "install requirements.txt"]
    assert environment.prepared(RUN) == []


def test_changed_requirements_are_installed(environment):
    environment.prepared(RUN)
    (environment.root / RUN).write_text("django==5.3\n")
    assert environment.prepared(RUN) == ["install requirements.txt"]


def test_requirements_of_the_tests_include_those_of_a_run(environment):
    environment.prepared(RUN)
    assert environment.prepared(RUN, TESTS) == ["install requirements.txt tests/requirements.txt"]
    assert environment.prepared(RUN) == []
    assert environment.prepared(RUN, TESTS) == []


def test_killed_install_is_not_trusted(environment):
    environment.prepared(RUN)
    environment.unfinished.touch()
    assert environment.prepared(RUN) == ["make with python3.11", "install requirements.txt"]


def test_half_made_environment_is_made_anew(environment):
    environment.folder.mkdir()
    environment.usable = False
    assert environment.prepared(RUN) == ["make with python3.11", "install requirements.txt"]


def test_other_python_after_a_system_upgrade_is_not_current(environment):
    environment.prepared(RUN)
    environment.marker.write_text(json.dumps(dict(environment.digests([RUN]), python="3.12")))
    assert environment.is_current([RUN]) is False


def test_environment_without_pip_is_not_usable(tmp_path):
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    fake(environment.python, 'case "$*" in *pip*) exit 1;; *) echo 3.11;; esac')
    assert environment.is_usable() is False
    fake(environment.python, 'case "$*" in *pip*) echo yes;; *) echo 3.11;; esac')
    assert environment.is_usable() is True
    fake(environment.python, 'case "$*" in *pip*) echo yes;; *) echo 3.10;; esac')
    assert environment.is_usable() is False


def fake(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_first_python_that_fits_is_taken(tmp_path):
    old, bare = fake(tmp_path / "old", "echo 3 9 1"), fake(tmp_path / "bare", "echo 3 12 0")
    broken, good = fake(tmp_path / "broken", "exit 127"), fake(tmp_path / "good", "echo 3 13 1")
    assert find_python([old, "/nowhere/python", broken, bare, good]) == good


def test_missing_pythons_are_named(tmp_path):
    old, bare = fake(tmp_path / "old", "echo 3 9 1"), fake(tmp_path / "bare", "echo 3 12 0")
    with pytest.raises(
        SystemExit, match=r"Python 3\.11 or newer is needed; the newest found is 3\.9\."
    ):
        find_python([old])
    with pytest.raises(SystemExit, match=r"without its venv module.*apt-get install python3-venv"):
        find_python([old, bare])
    with pytest.raises(SystemExit, match="none was found"):
        find_python([])


def test_environment_does_not_make_itself(tmp_path, monkeypatch):
    inside = tmp_path / ".venv" / "bin"
    inside.mkdir(parents=True)
    outside = tmp_path / "bin"
    outside.mkdir()
    fake(inside / "python3", "true")
    other = fake(outside / "python3", "true")
    monkeypatch.setenv("PATH", f"{inside}:{outside}")
    monkeypatch.setattr(bootstrap.sys, "executable", str(inside / "python3"))
    assert candidates(besides=tmp_path / ".venv") == [other]


def test_failed_pip_shows_its_last_lines_and_a_killed_one_leaves_a_trace(tmp_path):
    environment = Environment(tmp_path)
    environment.python.parent.mkdir(parents=True)
    (tmp_path / RUN).write_text("")
    fake(environment.python, "echo No matching distribution; exit 1")
    with pytest.raises(SystemExit, match="No matching distribution"):
        environment.install([RUN])
    assert environment.unfinished.exists() is False
    assert environment.installed() == {}

    fake(environment.python, "kill -9 $$")
    with pytest.raises(SystemExit, match="stopped by signal 9"):
        environment.install([RUN])
    assert environment.unfinished.exists() is True


def test_bootstrap_can_be_read_by_an_old_python():
    ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 7))
