"""Where a server listens, and how it gives up where it cannot: on its own, so that asking for it imports no server."""

from __future__ import annotations

import socket

EXIT_PORT_TAKEN = 3
EXIT_FOLDER_UNUSABLE = 4


def free_port(host: str, port: int) -> int:
    """The port itself, or any free one for 0. Raises OSError where somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
        return int(probe.getsockname()[1])


def address_of(host: str, port: int) -> str:
    """Where a client on this machine finds a server that listens on `host`.

    >>> address_of("0.0.0.0", 8080)
    'http://127.0.0.1:8080'
    """
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable and "[" not in reachable else f"http://{reachable}:{port}"
