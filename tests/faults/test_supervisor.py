"""The supervisor with real processes: what it starts ends with it and comes back when it dies."""

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import pytest

from justpaid.db.embedded import start_embedded
from justpaid.supervised import REFUSED

PATIENCE_SECONDS = 30.0

# Stand-ins for the API and the worker: they listen, hold a child of their own, and wait.
API = """
import http.server, os, subprocess, sys
from justpaid.supervised import end_with_supervisor
end_with_supervisor()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
address = (os.environ["JUSTPAID_HOST"], int(os.environ["JUSTPAID_PORT"]))
http.server.BaseHTTPRequestHandler.log_message = lambda *_: None
http.server.ThreadingHTTPServer(address, http.server.BaseHTTPRequestHandler).serve_forever()
"""
WORKER = """
import threading
from justpaid.supervised import end_with_supervisor
end_with_supervisor()
threading.Event().wait()
"""
REFUSING = f"import sys; sys.exit({REFUSED})"
SUPERVISOR = """
import sys
from justpaid.logging import set_up_logging
from justpaid.settings import load_settings
from justpaid.supervisor import Supervisor
settings = load_settings()
set_up_logging(settings, process="supervisor")
scripts = {"api": sys.argv[1], "worker": sys.argv[2]}
commands = {name: [sys.executable, "-c", script] for name, script in scripts.items()}
sys.exit(Supervisor(settings, database_options={"fsync": "off"}, commands=commands).run())
"""


@dataclass
class Service:
    """A running supervisor, and what is needed to look at it from outside."""

    process: subprocess.Popen[bytes]
    port: int

    def children(self) -> dict[str, psutil.Process]:
        """Find its children by what they are."""
        found: dict[str, psutil.Process] = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                command = " ".join(child.cmdline())
            except psutil.Error:
                continue
            for name, mark in (("api", "http.server"), ("worker", "threading"), ("db", "postgres")):
                if mark in command:
                    found[name] = child
        return found

    def everything(self) -> list[psutil.Process]:
        """Find every descendant but the database's processes."""
        database = self.children()["db"]
        kept = {database.pid, *(each.pid for each in database.children(recursive=True))}
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in family if each.pid not in kept]

    def answers(self) -> bool:
        """Whether its port serves HTTP."""
        return _answers(self.port)

    def wait_ready(self) -> None:
        """Wait until all three parts run."""
        _await(lambda: self.answers() and len(self.children()) == 3)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Share one data dir among the module's services; each finds what the last one left."""
    path = tmp_path_factory.mktemp("service")
    yield path
    start_embedded(path).destroy()


@pytest.fixture
def service(data_dir: Path) -> Iterator[Service]:
    """Run a service and make sure that nothing of it survives the test."""
    running = _start(data_dir, _free_port())
    try:
        running.wait_ready()
        yield running
    finally:
        _finish(running)
        start_embedded(data_dir).stop()  # what a killed supervisor left to be adopted


def test_a_stop_is_clean(service: Service) -> None:
    """SIGTERM ends API, worker and database, and the exit status says that all went well."""
    family = psutil.Process(service.process.pid).children(recursive=True)
    service.process.terminate()
    assert service.process.wait(PATIENCE_SECONDS) == 0
    assert not [each for each in family if _is_running(each)]
    assert not service.answers()


def test_a_killed_supervisor_takes_its_processes_along(service: Service, data_dir: Path) -> None:
    """After kill -9 everything but the database is gone, and a restart finds port and database."""
    family, database = service.everything(), service.children()["db"].pid
    service.process.kill()
    service.process.wait()
    _await(lambda: not [each for each in family if _is_running(each)])
    with socket.create_server(("127.0.0.1", service.port)):
        pass
    again = _start(data_dir, service.port)
    try:
        _await(again.answers)
        with start_embedded(data_dir) as embedded:
            assert embedded.pid == database
    finally:
        _finish(again)
    _await(lambda: not psutil.pid_exists(database))


def test_a_restart_does_not_wait_for_the_dead(service: Service, data_dir: Path) -> None:
    """A restart in the very moment after kill -9 waits for the port instead of giving up."""
    service.process.kill()
    again = _start(data_dir, service.port)
    try:
        _await(lambda: again.process.poll() is not None or len(_children_of(again)) >= 2)
        _await(again.answers)
        assert again.process.poll() is None
    finally:
        _finish(again)


def test_a_stopped_process_ends_too(service: Service) -> None:
    """A process that is frozen, and so hears nothing, still ends with the supervisor."""
    worker = service.children()["worker"]
    worker.suspend()
    service.process.kill()
    service.process.wait()
    _await(lambda: not _is_running(worker))


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_dead_process_is_started_again(service: Service, name: str) -> None:
    """A killed API or worker comes back, without what it left behind, and the other stays."""
    before = service.children()
    leftovers = before[name].children(recursive=True)
    before[name].kill()
    _await(lambda: name in (now := service.children()) and now[name].pid != before[name].pid)
    _await(service.answers)
    other = "worker" if name == "api" else "api"
    assert service.children()[other].pid == before[other].pid
    assert not [each for each in leftovers if _is_running(each)]


def test_a_dead_database_is_started_again(service: Service) -> None:
    """A killed database comes back while API and worker go on."""
    before = service.children()
    before["db"].kill()
    _await(lambda: "db" in (now := service.children()) and now["db"].pid != before["db"].pid)
    now = service.children()
    assert (now["api"].pid, now["worker"].pid) == (before["api"].pid, before["worker"].pid)


def test_a_refusal_is_not_repeated(data_dir: Path) -> None:
    """A process that refuses its settings ends the service with its status: no loop of starts."""
    service = _start(data_dir, _free_port(), worker=REFUSING)
    try:
        assert service.process.wait(PATIENCE_SECONDS) == REFUSED
        assert not service.answers()
    finally:
        _finish(service)


def test_a_database_that_went_away_is_waited_for(tmp_path: Path) -> None:
    """A process under the supervisor that cannot reach the database asks to be started again."""
    environment = _environment(tmp_path, _free_port())
    with subprocess.Popen(
        [sys.executable, "-m", "justpaid.supervised", "api"],
        env=environment | {"JUSTPAID_DATABASE_URL": "postgresql://me:hush@127.0.0.1:1/none"},
        stdin=subprocess.PIPE,  # open to the end, as the supervisor's is
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as process:
        assert process.wait(PATIENCE_SECONDS) not in {0, REFUSED}
        said = process.stderr.read() if process.stderr else ""
    assert "Check DATABASE_URL" in said
    assert "Traceback" not in said


def test_a_taken_port_is_said(data_dir: Path) -> None:
    """`serve` on a taken port ends at once, names the port, and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        answer = subprocess.run(
            [sys.executable, "-m", "justpaid.cli", "serve", "--port", str(port)],
            env=_environment(data_dir, port),
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == REFUSED
    assert f"port {port}" in answer.stderr
    assert "--port" in answer.stderr


def test_the_real_service(data_dir: Path) -> None:
    """`justpaid serve` itself gets ready, frees its port when killed, and stops cleanly."""
    port = _free_port()
    killed = _serve(data_dir, port)
    try:
        _await(lambda: _status(port, "/readyz") == 200)
        family = killed.everything()
        assert len(family) >= 4
        killed.process.kill()
        killed.process.wait()
        _await(lambda: not [each for each in family if _is_running(each)])
    finally:
        _finish(killed)
    again = _serve(data_dir, port)
    try:
        _await(lambda: _status(port, "/readyz") == 200)
        again.process.terminate()
        assert again.process.wait(PATIENCE_SECONDS) == 0
    finally:
        _finish(again)


@pytest.mark.parametrize("env", ["development", "production"])
def test_a_first_start_says_how_to_get_in(tmp_path: Path, env: str) -> None:
    """The first start prints a set-up link, in production how to print one; no later one does."""
    secrets = {
        f"JUSTPAID_{name}": base64.b64encode(os.urandom(32)).decode()
        for name in ("PEPPER", "MASTER_KEY", "AUDIT_KEY")
    }
    port, outputs = _free_port(), list[str]()
    try:
        for number in range(2):
            path = tmp_path / f"output-{number}"
            with path.open("wb") as output:
                service = _serve(
                    tmp_path / "data", port, output=output, JUSTPAID_ENV=env, **secrets
                )
                try:
                    _await(lambda path=path: b'"ready"' in path.read_bytes())
                finally:
                    _finish(service)
            outputs.append(path.read_text())
    finally:
        start_embedded(tmp_path / "data").destroy()
    link = re.compile(rf"^http://127\.0\.0\.1:{port}/setup#[\w-]{{43}}$", re.MULTILINE)
    assert bool(link.search(outputs[0])) == (env == "development")
    assert ("justpaid setup-link" in outputs[0]) == (env == "production")
    assert "setup" not in outputs[1]


def _serve(
    data_dir: Path, port: int, *, output: IO[bytes] | None = None, **settings: str
) -> Service:
    environment = {**_environment(data_dir, port), "JUSTPAID_METRICS_BIND": "off", **settings}
    command = [sys.executable, "-m", "justpaid.cli", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    return Service(process, port)


def _start(data_dir: Path, port: int, *, api: str = API, worker: str = WORKER) -> Service:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, api, worker], env=_environment(data_dir, port)
    )
    return Service(process, port)


def _environment(data_dir: Path, port: int) -> dict[str, str]:
    return {**os.environ, "JUSTPAID_DATA_DIR": str(data_dir), "JUSTPAID_PORT": str(port)}


def _finish(service: Service) -> None:
    if service.process.poll() is None:
        service.process.send_signal(signal.SIGTERM)
    service.process.wait(PATIENCE_SECONDS)


def _children_of(service: Service) -> list[psutil.Process]:
    try:
        return psutil.Process(service.process.pid).children()
    except psutil.NoSuchProcess:
        return []


def _answers(port: int) -> bool:
    return _status(port, "/") is not None


def _status(port: int, path: str) -> int | None:
    """Return the status of an answer; None while nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await(claim: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline, "the state did not come"
        time.sleep(0.05)
