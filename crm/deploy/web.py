"""How gunicorn serves Relevo, by `make run` and in a container alike: `gunicorn --config
python:crm.deploy.web`.
"""

import os

wsgi_app = "crm.wsgi"
bind = "0.0.0.0:8000"  # `make run` gives its own socket instead
# Connections are kept: a new one for each request costs 10 ms and caps a machine near 105
# requests/s.
worker_class = "gthread"
workers, threads = 2, 8
keepalive = (
    65  # seconds; longer than a proxy keeps its end (60), so that it never writes into a closed one
)
timeout = 60
graceful_timeout = (
    25  # seconds for requests to end after SIGTERM; below stop_grace_period of docker-compose.yml
)
# A worker shows that it lives by touching a file: on a slow disk that would look like a hang.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
control_socket_disable = True
