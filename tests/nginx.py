"""A real nginx on a free port, in a temporary folder, in front of our servers: it runs what deploy/ ships."""

import re
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

from engines import Engine
from servers import Server, free_port

SHIPPED = Path(__file__).parent.parent / "deploy" / "nginx.conf"

# What /etc/nginx/nginx.conf is to the shipped file; for a process that keeps all it has in one folder.
AROUND = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include discussit.conf;
}
"""


class Nginx(Engine):
    """Speaks https on 127.0.0.1, and serves `servers` below `path`."""

    @classmethod
    def missing(cls) -> str:
        lacking = [program for program in ("nginx", "openssl") if not shutil.which(program)]
        return f"{lacking[0]} is not installed" if lacking else ""

    def __init__(self, servers: Sequence[Server], path: str = "") -> None:
        super().__init__()
        self.plain_port = free_port()
        self.url = f"https://127.0.0.1:{self.port}{path}"
        self.log = self.folder / "error.log"
        (self.folder / "nginx.conf").write_text(AROUND)
        (self.folder / "discussit.conf").write_text(self._configuration(servers, path))
        certificate = [
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-subj",
            "/CN=test",
        ]
        files = ["-keyout", "privkey.pem", "-out", "fullchain.pem"]
        subprocess.run(["openssl", "req", *certificate, *files], cwd=self.folder, check=True, capture_output=True)

    def _configuration(self, servers: Sequence[Server], path: str) -> str:
        """The shipped file with names, ports and servers of this machine."""
        text = re.sub(r".*\[::\].*\n", "", SHIPPED.read_text())
        text = replaced(text, "listen 443 ", f"listen 127.0.0.1:{self.port} ")
        text = replaced(text, "listen 80;", f"listen 127.0.0.1:{self.plain_port};")
        text = replaced(text, "/etc/letsencrypt/live/chat.example.org/", f"{self.folder}/")
        text = replaced(text, "chat.example.org", "127.0.0.1")
        text = replaced(text, "location / {", f"location {path}/ {{")
        for shipped, server in zip(re.findall(r"server (10\.\S+)", text), servers, strict=True):
            text = replaced(text, shipped, f"127.0.0.1:{server.port}")
        return text

    def command(self) -> list[str]:
        return ["nginx", "-p", str(self.folder), "-e", "error.log", "-c", "nginx.conf"]

    @property
    def certificates(self) -> ssl.SSLContext:
        """Trusts this nginx, whatever its name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.folder / "fullchain.pem")
        return context


def replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{SHIPPED.name} has no {old!r}"
    return text.replace(old, new)
