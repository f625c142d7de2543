"""An nginx with one worker, that writes to a directory of its own only."""

from pathlib import Path


def command(directory, name, http):
    """Writes the configuration `http` under the directory; answers the command that runs it in the foreground."""
    home = Path(directory, name)
    home.mkdir()
    config = home / "nginx.conf"
    config.write_text(f"""
        daemon off;
        worker_processes 1;
        pid {home}/pid;
        error_log stderr warn;
        events {{ worker_connections 4096; }}
        http {{
            access_log off;
            # The default is 1000: reconnects would be measured too.
            keepalive_requests 1000000000;
            keepalive_timeout 1h;
            sendfile on;
            tcp_nodelay on;
            client_body_temp_path {home}/body;
            proxy_temp_path {home}/proxy;
            fastcgi_temp_path {home}/fastcgi;
            uwsgi_temp_path {home}/uwsgi;
            scgi_temp_path {home}/scgi;
            {http}
        }}
        """)
    return ["nginx", "-e", "stderr", "-p", str(home), "-c", str(config)]
