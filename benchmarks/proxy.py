"""nginx with the settings of `deploy/nginx.conf`, in front of processes on other ports than in those."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

SETTINGS = Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf"


def is_here() -> bool:
    """Whether this machine has nginx (`apt-get install nginx-light`)."""
    return shutil.which("nginx") is not None


@contextmanager
def proxy(folder: Path, first: int, second: int, front: int) -> Iterator[str]:
    """nginx on port `front`, before two processes; yields its address. `folder` is for its files."""
    text = SETTINGS.read_text(encoding="utf-8")
    for old, new in (("8501", first), ("8502", second), ("listen 8080", f"listen {front}")):
        text = text.replace(old, str(new))
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body; "
        f"proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; "
        f"scgi_temp_path {folder}/s;\n{text}\n}}\n"
    )
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(settings)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                httpx.get(f"http://localhost:{front}/health", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield f"http://localhost:{front}"
    finally:
        nginx.terminate()
        nginx.wait(10)
