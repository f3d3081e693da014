"""The client."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote, urlencode

from .errors import ApiError, ArtworkFailed, ConnectionFailed, WaitTimeout
from .models import Artwork, Deliveries, Options, Photo, Status, WebhookTest
from .transport import Response, Transport, multipart, reading

STREAM_SILENCE = 30.0
"""Seconds without an event after which the stream is given up. The service sends one every 15 s."""
POLL = 2.0
"""Seconds between two polls when the service does not say."""


class RemoveBgClient:
    """Client of one service with one key. It may be shared between threads.

    Each submission gets an idempotency key of its own, so that a retry never starts a second job. Requests are
    repeated after 429, 500, 502, 503, 504 and lost connections, after ``Retry-After`` or with growing pauses.

    Args:
        base_url: the service's address, such as ``https://removebg.example.com``.
        api_key: ``rbg_…``.
        timeout: seconds without a byte after which an attempt has failed.
        retries: how often a request is repeated at most.
    """

    def __init__(self, base_url: str, api_key: str, *, timeout: float = 100, retries: int = 4):
        self._base = base_url.rstrip("/")
        self._key = api_key
        self._transport = Transport(timeout, retries)

    def submit(self, photo: Photo, options: Options | None = None, *, wait: int | None = None,
               idempotency_key: str | None = None) -> Artwork:
        """Submits a photo.

        Args:
            photo: a URL (str), a pathlib.Path, bytes, or a binary stream.
            options: what to do with it.
            wait: seconds, 1 to 60, for which the service holds its response until the artwork has ended.
            idempotency_key: the same key with the same request returns the same artwork; a new one unless given.

        Raises:
            ApiError: the request was refused.
            ConnectionFailed: the service could not be reached.
        """
        fields = (options or Options()).fields()
        body, content_type = _body({"image" if _is_file(photo) else "imageUrl": photo, **fields})
        headers = {"Prefer": f"wait={wait}"} if wait is not None else {}
        return Artwork.of(self._submit("/v2/artworks/remove-background", body, content_type, idempotency_key, headers))

    def submit_batch(self, photos: Sequence[Photo], options: Options | Sequence[Options] | None = None, *,
                     idempotency_key: str | None = None) -> Sequence[Artwork]:
        """Submits up to 50 photos at once: either URLs, or files of at most 36 MiB together.

        Args:
            options: for all photos; with URLs also a sequence with one for each photo.

        Returns:
            One artwork for each photo, in the same order.

        Raises:
            ValueError: URLs and files are mixed, or the number of options is not the number of photos.
            ApiError, ConnectionFailed: as for ``submit``.
        """
        are_files = {_is_file(photo) for photo in photos}
        each = [options or Options()] * len(photos) if not isinstance(options, Sequence) else options
        if len(are_files) > 1:
            raise ValueError("photos: expected either URLs or files, not both in one batch.")
        if len(each) != len(photos):
            raise ValueError(f"options: expected {len(photos)}, one for each photo, not {len(each)}.")
        if are_files == {True}:
            if isinstance(options, Sequence):
                raise ValueError("options: files of one batch share theirs; expected one Options.")
            body, content_type = _form([*(("images", photo) for photo in photos), *each[0].fields().items()])
        else:
            if any(own.background is not None and _is_file(own.background) for own in each):
                raise ValueError("background: expected a colour, 'blur' or a URL in a batch of URLs, not a file.")
            artworks = [{"imageUrl": photo, **own.fields()} for photo, own in zip(photos, each)]
            body, content_type = json.dumps({"artworks": artworks}).encode(), "application/json"
        answer = self._submit("/v2/artworks/batch", body, content_type, idempotency_key, {})
        return [Artwork.of(item) for item in answer["items"]]

    def read(self, artwork: Artwork | str) -> Artwork:
        """Reads an artwork as it is now; its result's URL is signed anew for an hour."""
        return Artwork.of(self._call("GET", _path(artwork)).json())

    def watch(self, artwork: Artwork | str) -> Iterator[Artwork]:
        """Yields an artwork at once and at each change, from server-sent events.

        Ends when the artwork has ended, and when the service closes the stream (after 210 s). ``wait`` does the rest.

        Raises:
            ApiError, ConnectionFailed: the stream was refused, or broke off. Nothing is retried.
        """
        return (now for now in self._events(artwork) if now is not None)

    def wait(self, artwork: Artwork | str, timeout: float = 300) -> Artwork:
        """Waits until an artwork has succeeded: by server-sent events, or by polling if there are none.

        Args:
            timeout: seconds.

        Raises:
            ArtworkFailed: it has failed or was canceled.
            WaitTimeout: it has not ended in time; it goes on.
            ApiError, ConnectionFailed: it could not be read.
        """
        deadline = time.monotonic() + timeout
        if isinstance(artwork, Artwork) and artwork.has_ended:
            return _succeeded(artwork)
        try:
            # Near the end polls are used, because a read from the stream may take longer than what is left.
            if timeout > STREAM_SILENCE:
                for now in self._events(artwork):
                    if now is not None and now.has_ended:
                        return _succeeded(now)
                    if deadline - time.monotonic() < STREAM_SILENCE:
                        break
        except (ApiError, ConnectionFailed):
            pass  # Polling reports what is wrong, unless it was only the stream.
        while True:
            response = self._call("GET", _path(artwork), deadline=deadline)
            polled = Artwork.of(response.json())
            if polled.has_ended:
                return _succeeded(polled)
            left = deadline - time.monotonic()
            pause = POLL if response.retry_after is None else response.retry_after
            time.sleep(max(0.0, min(pause, left)))
            if pause >= left:
                raise WaitTimeout(f"Artwork {polled.id} is still {polled.status} after {timeout:g} s.")

    def download(self, artwork: Artwork | str) -> bytes:
        """Downloads the result into memory.

        Args:
            artwork: one that has succeeded within the last hour, or an id, which is read first.

        Raises:
            ValueError: there is no result, because the artwork has not succeeded or the file is deleted.
            ApiError, ConnectionFailed: it could not be downloaded.
        """
        url = self._result(artwork)
        return self._transport.retrying(lambda: b"".join(self._chunks(url)))

    def download_to(self, artwork: Artwork | str, path: str | os.PathLike[str]) -> None:
        """Downloads the result into a file, which is either complete or not there. Raises as ``download`` does."""
        url = self._result(artwork)
        part = f"{os.fspath(path)}.{uuid.uuid4().hex}.part"

        def once() -> None:
            with open(part, "wb") as file:
                file.writelines(self._chunks(url))

        try:
            self._transport.retrying(once)
            os.replace(part, path)
        finally:
            if os.path.exists(part):
                os.remove(part)

    def download_stream(self, artwork: Artwork | str) -> Iterator[bytes]:
        """Downloads the result piece by piece. Nothing is retried; otherwise raises as ``download`` does."""
        return self._chunks(self._result(artwork))

    def cancel(self, artwork: Artwork | str) -> Artwork:
        """Cancels an artwork. One that has ended is returned unchanged."""
        return Artwork.of(self._call("POST", _path(artwork, "/cancel")).json())

    def delete(self, artwork: Artwork | str) -> None:
        """Deletes record, result and stored input."""
        try:
            self._call("DELETE", _path(artwork))
        except ApiError as error:
            # The first attempt did it, and only its response was lost.
            if error.status != 404 or error.attempts == 1:
                raise

    def list(self, status: Status | None = None, page_size: int = 20) -> Iterator[Artwork]:
        """Yields the key's artworks, newest first, and reads page after page as needed.

        Args:
            status: only those with this status.
            page_size: artworks that one request asks for, 1 to 100.
        """
        cursor = None
        while True:
            query = {"limit": page_size, "status": status, "cursor": cursor}
            text = urlencode({name: value for name, value in query.items() if value is not None})
            page = self._call("GET", f"/v2/artworks?{text}").json()
            yield from map(Artwork.of, page["items"])
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def test_webhook(self, webhook: str) -> WebhookTest:
        """Has a signed sample sent to a webhook, and returns what came back."""
        body = json.dumps({"webhook": webhook}).encode()
        return WebhookTest.of(self._call("POST", "/v2/webhook-test", body, {"Content-Type": "application/json"}).json())

    def list_deliveries(self, artwork: Artwork | str) -> Deliveries:
        """Reads the attempts to deliver an artwork's webhook."""
        return Deliveries.of(self._call("GET", _path(artwork, "/webhook-deliveries")).json())

    def redeliver(self, artwork: Artwork | str) -> Deliveries:
        """Starts a new round of attempts to deliver an artwork's webhook."""
        return Deliveries.of(self._call("POST", _path(artwork, "/webhook-deliveries/redeliver")).json())

    def _submit(self, path: str, body: bytes, content_type: str, idempotency_key: str | None,
                headers: Mapping[str, str]) -> Any:
        key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
        return self._call("POST", path, body, {"Content-Type": content_type, "Idempotency-Key": key, **headers}).json()

    def _call(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
              deadline: float | None = None) -> Response:
        own = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **(headers or {})}
        return self._transport.call(method, self._base + path, body, own, deadline)

    def _events(self, artwork: Artwork | str) -> Iterator[Artwork | None]:
        """Yields the artwork of each status event, and None for other events (WHATWG HTML, section 9.2)."""
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "text/event-stream"}
        url = self._base + _path(artwork, "/events")
        with self._transport.open("GET", url, None, headers, STREAM_SILENCE) as stream:
            if stream.headers.get_content_type() != "text/event-stream":
                raise ConnectionFailed(f"{url} is no event stream.")
            kind, data = "", ""
            while line := reading(stream.readline).decode():
                name, _, value = line.rstrip("\r\n").partition(":")
                if name == "event":
                    kind = value.strip()
                elif name == "data":
                    data += value
                elif not line.strip():
                    yield Artwork.of(json.loads(data)) if kind == "status" else None
                    kind, data = "", ""

    def _result(self, artwork: Artwork | str) -> str:
        found = artwork if isinstance(artwork, Artwork) else self.read(artwork)
        if not found.results:
            raise ValueError(f"Artwork {found.id} has no result: its status is {found.status}.")
        return found.results[0]

    def _chunks(self, url: str) -> Iterator[bytes]:
        # Without the key: storage is another server.
        with self._transport.open("GET", url, None, {}) as response:
            length, got = response.headers.get("Content-Length"), 0
            while chunk := reading(lambda: response.read(65536)):
                got += len(chunk)
                yield chunk
            if length is not None and got != int(length):
                raise ConnectionFailed(f"The download ended after {got} of {length} bytes.")


def _path(artwork: Artwork | str, below: str = "") -> str:
    return f"/v2/artworks/{quote(artwork.id if isinstance(artwork, Artwork) else artwork, safe='')}{below}"


def _succeeded(artwork: Artwork) -> Artwork:
    if artwork.status != "succeeded":
        raise ArtworkFailed(artwork)
    return artwork


def _is_file(photo: Photo) -> bool:
    return not isinstance(photo, str)


def _body(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """JSON, or a form if one of the fields is a file."""
    if any(_is_file(fields[name]) for name in ("image", "background") if name in fields):
        return _form(list(fields.items()))
    return json.dumps(fields).encode(), "application/json"


def _form(fields: Sequence[tuple[str, Any]]) -> tuple[bytes, str]:
    return multipart([_part(name, value) for name, value in fields])


def _part(name: str, value: Any) -> tuple[str, str | bytes, str | None]:
    if isinstance(value, bool):
        return name, "true" if value else "false", None
    if isinstance(value, (str, int, float)):
        return name, str(value), None
    if isinstance(value, (bytes, bytearray, memoryview)):
        return name, bytes(value), name
    if isinstance(value, os.PathLike):
        with open(value, "rb") as file:
            return name, file.read(), os.path.basename(os.fspath(cast("os.PathLike[str]", value)))
    if hasattr(value, "read"):
        return name, value.read(), name
    raise TypeError(f"{name}: expected a URL (str), a pathlib.Path, bytes or a binary stream, not {type(value)}.")
