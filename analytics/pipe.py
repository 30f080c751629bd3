"""How the server and the process that draws reports speak: a header in JSON, then as many bytes as it says.

An order is answered by one message, before which any number may come that only say GOES_ON."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

GOES_ON = "goes-on"  # what a header says while something long is being derived: a step of it is done
_LENGTHS = struct.Struct(">II")  # of the header and of the body


def send(to: IO[bytes], header: Mapping[str, object], body: bytes = b"") -> None:
    """Raises OSError where nobody listens any more."""
    told = json.dumps(header).encode()
    to.write(_LENGTHS.pack(len(told), len(body)) + told)
    to.write(body)
    to.flush()


def receive(of: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next message; None where the other end is closed, in the middle of one too."""
    lengths = of.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    n_header, n_body = _LENGTHS.unpack(lengths)
    header, body = of.read(n_header), of.read(n_body)
    if len(header) < n_header or len(body) < n_body:
        return None
    return dict(json.loads(header)), body
