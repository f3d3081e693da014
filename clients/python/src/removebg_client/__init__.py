"""Client for RemoveBg's API: submit, wait, download, batches, webhooks. It needs the standard library only."""

from .client import RemoveBgClient
from .errors import ApiError, ArtworkFailed, ConnectionFailed, RemoveBgError, WaitTimeout, WebhookInvalid
from .models import Artwork, Deliveries, Delivery, Failure, Options, Photo, Status, WebhookTest
from .webhooks import verify_webhook

__all__ = [
    "ApiError", "Artwork", "ArtworkFailed", "ConnectionFailed", "Deliveries", "Delivery", "Failure", "Options", "Photo",
    "RemoveBgClient", "RemoveBgError", "Status", "WaitTimeout", "WebhookInvalid", "WebhookTest", "verify_webhook",
]
