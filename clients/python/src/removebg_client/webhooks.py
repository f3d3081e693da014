"""Webhooks, signed according to https://www.standardwebhooks.com."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from .errors import WebhookInvalid
from .models import Artwork


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes, *, tolerance: float = 300,
                   now: float | None = None) -> Artwork:
    """Checks that a webhook comes from the service, and returns its artwork.

    The same webhook may come again: remember the header ``webhook-id`` and ignore repeats.

    Args:
        secret: the key's webhook secret, ``whsec_…``.
        headers: the request's headers, in any case.
        body: the request's body as it was received, not parsed and written again.
        tolerance: seconds that the timestamp may be off.
        now: seconds since 1970; the machine's clock unless given.

    Raises:
        WebhookInvalid: a header is missing, the timestamp is off, or no signature matches.
        ValueError: ``secret`` is empty or no base64.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = lower.get("webhook-id", ""), lower.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit()):
        raise WebhookInvalid("webhook-id or webhook-timestamp is missing or malformed.")
    if abs((time.time() if now is None else now) - int(timestamp)) > tolerance:
        raise WebhookInvalid(f"webhook-timestamp is more than {tolerance:g} s off.")
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("secret: expected whsec_ and base64.") from error
    # With an empty key, which a variable that is not set would give, anyone could sign.
    if not key:
        raise ValueError("secret: expected whsec_ and base64.")
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    # Several signatures while a secret is rotated.
    given = lower.get("webhook-signature", "").encode().split(b" ")
    if not any([hmac.compare_digest(signature, expected) for signature in given]):
        raise WebhookInvalid("webhook-signature has no signature that matches.")
    return Artwork.of(json.loads(body))
