"""What other people's pages load from us: the widget, what it loads on demand, and the client under it.

`/embed/v1/suggest-box.js` follows our releases and may be kept for five minutes; `/embed/v1/{hash}/suggest-box.js` is
one content for ever, for hosts that pin it with `integrity`, and for the parts that the widget loads by their hash.
Whatever was served once is kept in the data folder: an upgrade of the server must not take away what a host has pinned,
nor the parts of a widget that a page loaded before."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from suggest.web.assets import Asset, Shelf, asset_response
from suggest.web.call import ROUTE_SCOPE_KEY
from suggest.web.problem import Refused

PARTS = ("field", "list", "steer", "typeahead", "wait", "words")  # of the widget: it asks for one when a page needs it
EMBEDDED = (
    "suggest-box.js", "client.js", *(f"suggest-{part}.js" for part in PARTS),
    "suggest-box.d.ts", "client.d.ts", "custom-elements.json",
)  # fmt: skip
SHORTEST_HASH = 6  # digits; the widget names its parts so, each byte of it counts
MOST_KEPT = 400  # contents, some 10 kB each
SHORT_LIVED = "public, max-age=300"
FOR_EVER = "public, max-age=31536000, immutable"
_HASH = re.compile(r"[0-9a-f]{6,64}")
_READABLE_BY_ALL = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Timing-Allow-Origin": "*",
}


class Embed:
    def __init__(self, shelf: Shelf, kept: Path | None = None) -> None:
        """`kept` is the folder of all that was ever served; without one, only the present files are."""
        self._shelf = shelf
        self._kept = kept
        self._is_kept = kept is None

    async def latest(self, request: Request) -> Response:
        request.scope[ROUTE_SCOPE_KEY] = "/embed/v1/{file}"
        asset = self._find(request.path_params["file"])
        return asset_response(request, asset, headers={"Cache-Control": SHORT_LIVED, **_READABLE_BY_ALL})

    async def pinned(self, request: Request) -> Response:
        request.scope[ROUTE_SCOPE_KEY] = "/embed/v1/{hash}/{file}"
        name, hash_ = request.path_params["file"], request.path_params["hash"]
        asset = self._find(name)
        if len(hash_) < SHORTEST_HASH or not asset.name.startswith(hash_):
            asset = self._earlier(name, hash_)
        return asset_response(request, asset, headers={"Cache-Control": FOR_EVER, **_READABLE_BY_ALL})

    def snippet(self, name: str = "suggest-box.js") -> tuple[str, str]:
        """The pinned address of a file and its `integrity`."""
        asset = self._find(name)
        return f"/embed/v1/{asset.name}/{name}", asset.integrity

    def _find(self, name: str) -> Asset:
        if self._kept is not None and not self._is_kept:  # with the first of them: a start waits for no compression
            self._is_kept = True
            self._keep(self._kept)
        asset = self._shelf.find(name) if name in EMBEDDED else None
        if asset is None:
            raise Refused("no-such-page", f"There is no file to embed of that name; there are {', '.join(EMBEDDED)}.")
        return asset

    def _earlier(self, name: str, hash_: str) -> Asset:
        """What lay under this name before, by the hash of its content."""
        if self._kept is not None and _HASH.fullmatch(hash_):
            for folder in sorted(self._kept.glob(f"{hash_}*")):
                asset = Shelf(folder).find(name)
                if asset is not None:
                    return asset
        raise Refused("no-such-page", "This server never had that version of the file; pin the present one.")

    def _keep(self, kept: Path) -> None:
        """Lay the present files beside the earlier ones, and let the oldest go."""
        for name in EMBEDDED:
            asset = self._shelf.find(name)
            if asset is None or (kept / asset.name / name).exists():
                continue
            folder = kept / asset.name
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{name}"
            part.write_bytes(asset.content)
            part.rename(folder / name)
        if kept.is_dir():
            folders = sorted(kept.iterdir(), key=lambda each: each.stat().st_mtime_ns, reverse=True)
            for old in folders[MOST_KEPT:]:
                for file in old.iterdir():
                    file.unlink()
                old.rmdir()
