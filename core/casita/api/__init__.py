"""The HTTP API and its page."""

from casita.api._api import SOCKET as SOCKET
from casita.api._api import Api as Api
from casita.api._api import openapi_document as openapi_document
