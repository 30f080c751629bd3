"""The files of our own pages under /static: same origin only, checked again with every use."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from suggest.web.assets import Shelf, asset_response
from suggest.web.call import ROUTE_SCOPE_KEY
from suggest.web.problem import Refused


class Static:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def file(self, request: Request) -> Response:
        request.scope[ROUTE_SCOPE_KEY] = "/static/{file}"
        asset = self._shelf.find(unquote(str(request.path_params["file"]), errors="replace"))
        if asset is None:
            raise Refused("no-such-page", "There is no such file.")
        headers = {"Cache-Control": "no-cache", "Cross-Origin-Resource-Policy": "same-origin"}
        return asset_response(request, asset, headers=headers)
