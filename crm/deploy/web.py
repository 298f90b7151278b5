"""Settings of gunicorn: `gunicorn --config python:crm.deploy.web`, also in `make run`."""

import gc
import os
from typing import Any

wsgi_app = "crm.wsgi"
bind = "0.0.0.0:8000"  # `make run` passes its own socket instead
# Threads keep their connections: a new one for each request costs 10 ms and limits a machine to
# about 105 requests/s.
worker_class = "gthread"
workers = 2
threads = 8
# In seconds. A proxy keeps its end for 60, so it never writes into a connection that is closed.
keepalive = 65
timeout = 60
# Seconds for requests to end after SIGTERM; below stop_grace_period of docker-compose.yml.
graceful_timeout = 25
# A worker touches a file to show that it is alive; on a slow disk that would look like a hang.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True
# No proxy is believed here: the settings say how many there are (RELEVO_PROXIES).
forwarded_allow_ips = ""


def post_worker_init(worker: Any) -> None:
    """Spare the garbage collector what lives as long as the worker.

    With Python's own settings a page of 50 rows starts dozens of searches for garbage, and some of
    them walk over all loaded code.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
