"""Files we serve: read once, with an ETag, compressed once, and never anything outside one folder."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import brotli
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".map": "application/json",
    ".ts": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_WORTH_COMPRESSING = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    content: bytes
    media_type: str
    sha256: bytes
    encoded: Mapping[str, bytes]  # content coding -> the content in it, where that is smaller

    @property
    def etag(self) -> str:
        return f'"{self.sha256.hex()[:32]}"'

    @property
    def name(self) -> str:
        """The part of an immutable address that stands for this content."""
        return self.sha256.hex()[:16]

    @property
    def integrity(self) -> str:
        """For the `integrity` attribute of a script element."""
        return "sha256-" + base64.b64encode(self.sha256).decode()


class Shelf:
    """The files of one folder by name. A file that changed on disk is read again: an edit needs no restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._assets: dict[str, tuple[tuple[int, int], Asset]] = {}

    def find(self, name: str) -> Asset | None:
        """The asset at this relative path, or None where there is none, or it would lie elsewhere."""
        if "\x00" in name or "\\" in name or name.startswith("/"):
            return None
        path = (self._folder / name).resolve()
        media_type = MEDIA_TYPES.get(path.suffix)
        if media_type is None or not path.is_relative_to(self._folder) or not path.is_file():
            return None
        status = path.stat()
        version = (status.st_mtime_ns, status.st_size)
        known = self._assets.get(name)
        if known is None or known[0] != version:
            known = (version, _read(path, media_type))
            self._assets[name] = known
        return known[1]


def asset_response(request: Request, asset: Asset, *, headers: Mapping[str, str]) -> Response:
    """The asset in the best coding the caller accepts, or 304 where it has it already."""
    own = {"ETag": asset.etag, "Vary": "Accept-Encoding", **headers}
    seen = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if asset.etag in seen or "*" in seen:
        return Response(status_code=304, headers=own)
    accepted = _accepted(request.headers.get("accept-encoding", ""))
    for coding in ("br", "gzip"):
        if coding in accepted and coding in asset.encoded:
            own["Content-Encoding"] = coding
            return Response(asset.encoded[coding], headers=own, media_type=asset.media_type)
    return Response(asset.content, headers=own, media_type=asset.media_type)


def _read(path: Path, media_type: str) -> Asset:
    content = path.read_bytes()
    encoded: dict[str, bytes] = {}
    if len(content) >= _WORTH_COMPRESSING and not media_type.startswith(("image/png", "font/")):
        encoded["gzip"] = gzip.compress(content, 9, mtime=0)
        encoded["br"] = brotli.compress(content)
    smaller = {coding: each for coding, each in encoded.items() if len(each) < len(content)}
    return Asset(content=content, media_type=media_type, sha256=hashlib.sha256(content).digest(), encoded=smaller)


def _accepted(header: str) -> frozenset[str]:
    codings = set()
    for part in header.lower().split(","):
        coding, _, quality = part.strip().partition(";")
        if quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            codings.add(coding.strip())
    return frozenset(codings)
