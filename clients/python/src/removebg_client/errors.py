"""What can go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Artwork


class RemoveBgError(Exception):
    """Base of this package's errors."""


class ApiError(RemoveBgError):
    """The service refused a request, or failed at it.

    Attributes:
        status: the HTTP status, such as 400.
        message: what was wrong and what is accepted, in the service's words.
        traceparent: the request's id in the operator's logs, if the response had one.
        retry_after: seconds after which the service asks to be tried again, if it said so.
        attempts: how often the request was sent.
    """

    def __init__(self, status: int, message: str, traceparent: str | None = None, retry_after: float | None = None):
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message
        self.traceparent = traceparent
        self.retry_after = retry_after
        self.attempts = 1


class ConnectionFailed(RemoveBgError, ConnectionError):
    """No response, or not all of it, in spite of the retries. ``__cause__`` is the last attempt's error."""


class ArtworkFailed(RemoveBgError):
    """The artwork has failed or was canceled.

    Attributes:
        code: a failure code of the API, such as ``image_unreachable``; ``canceled`` after a cancellation.
        message: the reason in words.
        artwork: the artwork.
    """

    def __init__(self, artwork: Artwork):
        self.artwork = artwork
        self.code = artwork.error.code if artwork.error else artwork.status
        self.message = artwork.error.message if artwork.error else f"The artwork was {artwork.status}."
        super().__init__(f"{self.code}: {self.message}")


class WaitTimeout(RemoveBgError, TimeoutError):
    """The artwork has not ended in time. It goes on: wait again, or cancel it."""


class WebhookInvalid(RemoveBgError):
    """The request did not come from the service, or is older than the tolerance."""
