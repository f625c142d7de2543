"""Lawu and nginx in front of the same upstreams, with the same deadlines of a second."""

import os
from pathlib import Path

from sidebyside import nginx
from sidebyside.origin import wait_until_ready
from sidebyside.process import Server
from sidebyside.targets import free_port

CORES = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))


def start(stack, name, directory, upstreams, gateway):
    """Starts a proxy of the upstreams, a mapping from path prefix to port; /0 is answered by itself. Answers (port, server)."""
    port = free_port()
    command = lawu(directory, port, upstreams, gateway) if name == "lawu" else nginx_proxy(directory, port, upstreams)
    server = Server(name, command, CORES, Path(directory, f"{name}.log"))
    stack.callback(server.stop)
    wait_until_ready(server, port, 120)
    return port, server


def lawu(directory, port, upstreams, gateway):
    config = Path(directory, "lawu.yaml")
    named = "\n".join(f"""  {name}:
    peers: ["127.0.0.1:{origin}"]
    connect-timeout: 1s
    response-head-timeout: 1s
    between-bytes-timeout: 1s
    write-stall-timeout: 1s""" for name, origin in upstreams.items())
    routes = "\n".join(f"  - {{ match: {{ path-prefix: /{name}/ }}, strip-prefix: /{name}, upstream: {name} }}" for name in upstreams)
    config.write_text(f"""
server: {{ event-loops: 2, backlog: 4096 }}
listeners: [{{ address: "127.0.0.1:{port}" }}]
timeouts: {{ keep-alive: 10m, write-stall: 5m, body-idle: 5m }}
access-log: false
upstreams:
{named}
routes:
{routes}
  - {{ match: {{ exact: /0 }}, respond: {{ body: ok }} }}
""")
    return [str(gateway), "--config", str(config)]


def nginx_proxy(directory, port, upstreams):
    named = "\n".join(f"upstream {name} {{ server 127.0.0.1:{origin}; keepalive 64; }}" for name, origin in upstreams.items())
    # A lone server is never passed over, however often it failed.
    routes = "\n".join(f"location /{name}/ {{ proxy_pass http://{name}/; }}" for name in upstreams)
    return nginx.command(directory, "nginx", f"""
            {named}
            server {{
                listen 127.0.0.1:{port} backlog=1024;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_connect_timeout 1s;
                proxy_read_timeout 1s;
                proxy_send_timeout 1s;
                proxy_max_temp_file_size 0;
                {routes}
                location = /0 {{ return 200 ok; }}
            }}""")


def open_connections(port):
    """How many connections to this port are open at its side, a listener and what waits for its last packets left out."""
    count = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] not in ("06", "0A"):
            count += 1
    return count
