"""HTTP with retries."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from .errors import ApiError, ConnectionFailed

T = TypeVar("T")
RETRIED = frozenset({429, 500, 502, 503, 504})
LONGEST_PAUSE = 60.0
"""Seconds. A Retry-After beyond it is left to the caller."""


@dataclass(frozen=True)
class Response:
    """A whole response with a 2xx status."""

    body: bytes
    retry_after: float | None

    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # urllib would send the key to wherever a redirect leads.
    def redirect_request(self, *_: Any) -> None:
        return None


class Transport:
    """Sends requests, and repeats those that may succeed later."""

    def __init__(self, timeout: float, retries: int):
        self._timeout = timeout
        self._retries = retries
        self._opener = urllib.request.build_opener(_NoRedirects)

    def call(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str],
             deadline: float | None = None) -> Response:
        """Sends a request, reads the response, and retries.

        Args:
            deadline: time.monotonic() after which nothing is tried again.
        """
        def once() -> Response:
            left = None if deadline is None else max(0.1, deadline - time.monotonic())
            with self.open(method, url, body, headers, left) as response:
                return Response(reading(response.read), retry_after(response.headers.get("Retry-After")))

        return self.retrying(once, deadline)

    def open(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str],
             timeout: float | None = None) -> http.client.HTTPResponse:
        """Sends a request once and returns when the headers are there.

        Args:
            timeout: seconds without a byte, if shorter than the client's.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no absolute http or https URL.")
        request = urllib.request.Request(url, body, dict(headers), method=method)
        limit = self._timeout if timeout is None else min(timeout, self._timeout)
        try:
            return reading(lambda: self._opener.open(request, timeout=limit))
        except urllib.error.HTTPError as error:
            with error:
                raise _api_error(error.code, error.reason, error.headers, reading(error.read)) from None

    def retrying(self, action: Callable[[], T], deadline: float | None = None) -> T:
        """Repeats the action while it fails in a way that waiting may cure."""
        for attempt in itertools.count(1):
            try:
                return action()
            except (ApiError, ConnectionFailed) as error:
                pause = _pause(error, attempt)
                late = deadline is not None and time.monotonic() + pause > deadline
                if isinstance(error, ApiError):
                    error.attempts = attempt
                    if error.status not in RETRIED:
                        raise
                if attempt > self._retries or pause > LONGEST_PAUSE or late:
                    raise
            time.sleep(pause)
        raise AssertionError


def reading(action: Callable[[], T]) -> T:
    """Turns what the standard library raises for a lost connection into ConnectionFailed."""
    try:
        return action()
    except urllib.error.HTTPError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionFailed(str(error) or type(error).__name__) from error


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, section 10.2.3); None without one that can be read."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, at.replace(tzinfo=at.tzinfo or timezone.utc).timestamp() - time.time())


def multipart(parts: Iterable[tuple[str, str | bytes, str | None]]) -> tuple[bytes, str]:
    """Writes a form of (name, value, file name or None). Returns its body and content type."""
    boundary = uuid.uuid4().hex
    body = bytearray()
    for name, value, file in parts:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if file is not None:
            escaped = file.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
            body += f'; filename="{escaped}"\r\nContent-Type: application/octet-stream'.encode()
        body += b"\r\n\r\n" + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return bytes(body), f"multipart/form-data; boundary={boundary}"


def _pause(error: ApiError | ConnectionFailed, attempt: int) -> float:
    if isinstance(error, ApiError) and error.retry_after is not None:
        return error.retry_after
    # Half of it is random, so that clients that failed together do not come back together.
    return min(8.0, 0.5 * 2 ** (attempt - 1)) * random.uniform(0.5, 1)


def _api_error(status: int, reason: str, headers: Mapping[str, str], body: bytes) -> ApiError:
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = reason or "no reason given"
    return ApiError(status, message, headers.get("traceparent"), retry_after(headers.get("Retry-After")))
