"""The proxies under test: each a command that proxies 127.0.0.1:PORT to the origin, with one worker."""

import shlex
import socket
from pathlib import Path

from . import BenchmarkError, nginx

KNOWN = ("nginx", "haproxy", "lawu")


# What Lawu tells an origin about the client, as the others have to be asked for. With "own" each adds what its
# documentation's example adds: X-Forwarded-For alone.
NGINX_FIELDS = """
                proxy_set_header X-Forwarded-Proto $scheme;
                proxy_set_header X-Forwarded-Host $http_host;
                proxy_set_header Forwarded "for=$remote_addr;host=\\"$http_host\\";proto=$scheme";
                proxy_set_header Via "1.1 nginx";"""
HAPROXY_FIELDS = """
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header Forwarded for=%[src];host=\\"%[req.hdr(host)]\\";proto=http
    http-request set-header Via 1.1\\ haproxy"""


def command(name, directory, port, origin_port, gateway, also, same_fields=True):
    """Writes what the target needs under the directory; answers the command that runs it in the foreground."""
    if name in also:
        return [word.replace("{port}", str(port)).replace("{origin}", str(origin_port)) for word in shlex.split(also[name])]
    if name == "nginx":
        return nginx_proxy(directory, port, origin_port, NGINX_FIELDS if same_fields else "")
    if name == "haproxy":
        return haproxy(directory, port, origin_port, HAPROXY_FIELDS if same_fields else "")
    if name == "lawu":
        return lawu(directory, port, origin_port, gateway)
    raise BenchmarkError(f"unknown target: {name} (expected: one of {', '.join([*KNOWN, *also])})")


def nginx_proxy(directory, port, origin_port, fields):
    return nginx.command(directory, "nginx", f"""
        upstream origin {{
            server 127.0.0.1:{origin_port};
            keepalive 1024;
            keepalive_requests 1000000000;
            keepalive_timeout 1h;
        }}
        server {{
            listen 127.0.0.1:{port} backlog=1024;
            location / {{
                proxy_pass http://origin;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-For $remote_addr;{fields}
                # Backpressure for a slow client, as the others have, rather than a file.
                proxy_max_temp_file_size 0;
                # The default, eight of 4 KiB, makes nginx about three times as expensive at 1 MiB: no fair baseline.
                proxy_buffers 8 64k;
                proxy_busy_buffers_size 128k;
            }}
        }}""")


def haproxy(directory, port, origin_port, fields):
    config = Path(directory, "haproxy.cfg")
    config.write_text(f"""
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    option forwardfor
    http-reuse always
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend clients
    bind 127.0.0.1:{port} backlog 1024
{fields.lstrip(chr(10))}
    default_backend origin
backend origin
    server origin 127.0.0.1:{origin_port}
""")
    return ["haproxy", "-db", "-f", str(config)]


def lawu(directory, port, origin_port, gateway):
    if not Path(gateway).is_file():
        raise BenchmarkError(f"no gateway: {gateway} (expected: an executable; see --gateway)")
    config = Path(directory, "lawu.yaml")
    config.write_text(f"""
access-log: false
server: {{ event-loops: 1 }}
listeners:
  - address: 127.0.0.1:{port}
    protocols: [http/1.1]
upstreams:
  origin: {{ peers: ["127.0.0.1:{origin_port}"], protocol: http/1.1 }}
routes:
  - match: {{ path-prefix: / }}
    upstream: origin
""")
    return [str(gateway), "--config", str(config)]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
