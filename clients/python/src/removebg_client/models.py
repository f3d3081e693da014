"""What is sent and what comes back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, BinaryIO, Literal, Union

Status = Literal["starting", "processing", "succeeded", "failed", "canceled"]

Photo = Union[str, "os.PathLike[str]", bytes, BinaryIO]
"""A URL (str), a file (pathlib.Path), its bytes, or a stream that is read to its end before it is sent.

A str is never taken for a file's name, so that a URL from your users cannot make you send a file of yours.
"""


@dataclass(frozen=True)
class Options:
    """Fields of a request, by the API's names; what is None is not sent. docs/api.md describes each."""

    webhook: str | None = None
    """An https URL that is called when the artwork has ended."""
    output_format: Literal["auto", "png", "webp"] | None = None
    crop: bool | None = None
    """Crops to the subject's rectangle."""
    crop_margin: str | None = None
    """Margin around it, such as ``8%`` or ``20px 0``."""
    scale: str | None = None
    """Share of the image that the subject fills, ``10%`` to ``100%``."""
    position: str | None = None
    """``original``, ``center``, or shares of the free space such as ``50% 100%``."""
    roi: str | None = None
    """Region that may contain the subject: ``x1 y1 x2 y2`` in pixels or percent."""
    background: Photo | None = None
    """A colour, ``blur``, an image's URL, or an image as pathlib.Path, bytes or stream."""
    background_blur: int | None = None
    """Strength of ``background="blur"``, 1 to 100."""
    shadow: bool | None = None
    size: int | None = None
    """Maximum longest side in pixels, 16 to 20,000."""
    megapixels: float | None = None
    """Maximum area in millions of pixels, 0.01 to 50."""
    channels: Literal["rgba", "alpha", "background"] | None = None
    model: str | None = None
    require_foreground: bool | None = None
    """Fails with ``no_foreground`` when nothing is found."""

    def fields(self) -> dict[str, Any]:
        """What is set, by the names on the wire."""
        return {_camel(field.name): value for field in fields(self) if (value := getattr(self, field.name)) is not None}


@dataclass(frozen=True)
class Failure:
    """Why an artwork has failed."""

    code: str
    message: str


@dataclass(frozen=True)
class Artwork:
    """One job."""

    id: str
    status: Status
    results: list[str]
    """URLs that work for an hour without a key; empty until the artwork has succeeded."""
    parameters: dict[str, Any]
    duration: float
    """Seconds of processing."""
    created_at: datetime
    error: Failure | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it has succeeded, failed or been canceled; nothing changes afterwards."""
        return self.status in ("succeeded", "failed", "canceled")

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> Artwork:
        """Reads the API's JSON. What a newer service adds is ignored."""
        error = json.get("error")
        return cls(json["id"], json["status"], list(json["results"]), dict(json["parameters"]), json["duration"],
                   _time(json["createdAt"]), Failure(error["code"], error["message"]) if error else None)


@dataclass(frozen=True)
class Delivery:
    """One attempt to deliver a webhook."""

    attempt: int
    at: datetime
    outcome: Literal["delivered", "failed", "timeout", "unreachable", "gone"]
    status_code: int | None
    duration: float
    """Seconds."""
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class Deliveries:
    """An artwork's webhook and its attempts."""

    webhook_id: str
    status: Literal["none", "pending", "delivered", "exhausted", "gone"]
    items: list[Delivery]

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> Deliveries:
        """Reads the API's JSON."""
        return cls(json["webhookId"], json["status"], [
            Delivery(item["attempt"], _time(item["at"]), item["outcome"], item["statusCode"], item["duration"],
                     _time(item["nextAttemptAt"]) if item["nextAttemptAt"] else None) for item in json["items"]])


@dataclass(frozen=True)
class WebhookTest:
    """What came back from a webhook that was sent a sample."""

    webhook_id: str
    outcome: Literal["delivered", "failed", "timeout", "unreachable", "gone"]
    status_code: int | None
    duration: float
    """Seconds."""
    response: str | None
    """At most the first 1,000 bytes of the response's body."""
    sent: Artwork

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> WebhookTest:
        """Reads the API's JSON."""
        return cls(json["webhookId"], json["outcome"], json["statusCode"], json["duration"], json["response"],
                   Artwork.of(json["sent"]))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _time(text: str) -> datetime:
    # Python 3.10 does not read Z.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
