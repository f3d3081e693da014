"""Goes through the behaviours of clients/README.md and prints one line for each: ok or FAILED, and its name.

The environment names a running service (REMOVEBG_URL, REMOVEBG_KEY, REMOVEBG_WEBHOOK_SECRET), a photo (PHOTO,
PHOTO_URL) and a server that stands in for a service in trouble and receives webhooks (STAND_IN).
"""

import base64
import json
import os
import sys
import tempfile
import time
import traceback
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from removebg_client import (  # noqa: E402
    ApiError, ArtworkFailed, Options, RemoveBgClient, WaitTimeout, WebhookInvalid, verify_webhook)

KEY, SECRET = os.environ["REMOVEBG_KEY"], os.environ["REMOVEBG_WEBHOOK_SECRET"]
PHOTO, PHOTO_URL = Path(os.environ["PHOTO"]), os.environ["PHOTO_URL"]
STAND_IN = os.environ["STAND_IN"]
PNG = Options(output_format="png", size=64)
client = RemoveBgClient(os.environ["REMOVEBG_URL"], KEY)
failures = 0


def stand_in(name):
    return RemoveBgClient(f"{STAND_IN}/{name}", KEY)


def behaviour(name):
    def run(check):
        global failures
        try:
            check()
            print("ok", name, flush=True)
        except Exception:
            failures += 1
            print("FAILED", name, traceback.format_exc().replace("\n", " | "), flush=True)
    return run


def expect(condition, seen):
    if not condition:
        raise AssertionError(repr(seen))


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def is_png(data):
    return data.startswith(b"\x89PNG\r\n\x1a\n")


def cut_out(photo, options=PNG):
    artwork = client.wait(client.submit(photo, options))
    expect(is_png(client.download(artwork)), artwork)
    return artwork


@behaviour("submit-file")
def _():
    cut_out(PHOTO)


@behaviour("submit-bytes")
def _():
    cut_out(PHOTO.read_bytes())


@behaviour("submit-stream")
def _():
    with PHOTO.open("rb") as stream:
        cut_out(stream)


@behaviour("submit-url")
def _():
    cut_out(PHOTO_URL)


@behaviour("options")
def _():
    options = Options(output_format="png", crop=True, crop_margin="10%", background="#fff", shadow=False,
                      megapixels=0.5, size=64, roi="0% 0% 100% 100%", channels="rgba", model="removebg",
                      require_foreground=True)
    for photo in (PHOTO, PHOTO_URL):
        artwork = client.submit(photo, options)
        expect(options.fields().items() <= artwork.parameters.items(), artwork.parameters)


@behaviour("background-file")
def _():
    artwork = cut_out(PHOTO_URL, Options(output_format="png", size=64, background=PHOTO))
    expect("background" in artwork.parameters, artwork.parameters)


@behaviour("prefer-wait")
def _():
    expect(client.submit(PHOTO, PNG, wait=60).status == "succeeded", "not ended")


@behaviour("own-idempotency-key")
def _():
    one, two = (client.submit(PHOTO_URL, PNG, idempotency_key="python-1") for _ in range(2))
    other = client.submit(PHOTO_URL, PNG)
    expect(one.id == two.id != other.id, (one, two, other))


@behaviour("watch")
def _():
    seen = [artwork.status for artwork in client.watch(client.submit(PHOTO, PNG))]
    expect(seen[-1] == "succeeded", seen)


@behaviour("download-file")
def _():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cutout.png"
        artwork = client.submit(PHOTO, PNG, wait=60)
        client.download_to(artwork.id, path)
        expect(is_png(path.read_bytes()) and os.listdir(folder) == ["cutout.png"], os.listdir(folder))


@behaviour("download-stream")
def _():
    artwork = client.submit(PHOTO, PNG, wait=60)
    expect(b"".join(client.download_stream(artwork)) == client.download(artwork), artwork)


@behaviour("cancel")
def _():
    artwork = client.submit(f"{STAND_IN}/held.jpg")
    expect(client.cancel(artwork).status == "canceled", artwork)
    expect(raises(ArtworkFailed, lambda: client.wait(artwork.id)).code == "canceled", artwork)


@behaviour("delete")
def _():
    artwork = client.submit(PHOTO, PNG, wait=60)
    client.delete(artwork)
    expect(raises(ApiError, lambda: client.read(artwork)).status == 404, artwork)


@behaviour("list")
def _():
    listed = [artwork.id for artwork in client.list(page_size=2)]
    expect(len(listed) > 4 and len(set(listed)) == len(listed), listed)
    expect(all(artwork.status == "canceled" for artwork in client.list(status="canceled")), listed)


@behaviour("batch-urls")
def _():
    artworks = client.submit_batch([PHOTO_URL, PHOTO_URL], [PNG, Options(output_format="webp")])
    formats = [artwork.parameters["outputFormat"] for artwork in artworks]
    expect(formats == ["png", "webp"], formats)


@behaviour("batch-files")
def _():
    photo, text = client.submit_batch([PHOTO, b"This is no image."], PNG)
    expect(is_png(client.download(client.wait(photo))), photo)
    raises(ArtworkFailed, lambda: client.wait(text))


@behaviour("test-webhook")
def _():
    report = client.test_webhook(f"{STAND_IN}/webhook")
    expect((report.outcome, report.status_code, report.sent.status) == ("delivered", 200, "succeeded"), report)


@behaviour("deliveries")
def _():
    artwork = client.submit(PHOTO, Options(size=64, webhook=f"{STAND_IN}/webhook"), wait=60)
    end = time.monotonic() + 60
    while (deliveries := client.list_deliveries(artwork)).status != "delivered":
        expect(time.monotonic() < end, deliveries)
    expect(deliveries.items[0].outcome == "delivered", deliveries)
    expect(client.redeliver(artwork).webhook_id == deliveries.webhook_id, deliveries)


def delivery():
    """Returns headers and body of the webhook that came last, in a test of the webhook."""
    client.test_webhook(f"{STAND_IN}/webhook")
    with urllib.request.urlopen(f"{STAND_IN}/last-webhook") as response:
        last = json.load(response)
    return last["headers"], base64.b64decode(last["body"])


@behaviour("webhook-genuine")
def _():
    headers, body = delivery()
    expect(verify_webhook(SECRET, headers, body).status == "succeeded", headers)


@behaviour("webhook-forged")
def _():
    headers, body = delivery()
    wrong = "whsec_" + base64.b64encode(bytes(32)).decode()
    raises(WebhookInvalid, lambda: verify_webhook(SECRET, headers, body + b" "))
    raises(WebhookInvalid, lambda: verify_webhook(wrong, headers, body))
    raises(WebhookInvalid, lambda: verify_webhook(SECRET, {}, body))
    for empty in ("", "whsec_"):
        raises(ValueError, lambda: verify_webhook(empty, headers, body))


@behaviour("webhook-rotated")
def _():
    headers, body = delivery()
    signature = headers["webhook-signature"]
    verify_webhook(SECRET, {**headers, "webhook-signature": f"v1,AAAA v2,x {signature}"}, body)


@behaviour("webhook-old")
def _():
    headers, body = delivery()
    sent = int(headers["webhook-timestamp"])
    verify_webhook(SECRET, headers, body, now=sent + 299)
    raises(WebhookInvalid, lambda: verify_webhook(SECRET, headers, body, now=sent + 301))
    raises(WebhookInvalid, lambda: verify_webhook(SECRET, headers, body, now=sent - 301))


@behaviour("api-error")
def _():
    error = raises(ApiError, lambda: client.submit(PHOTO_URL, Options(scale="5%")))
    expect(error.status == 400 and "scale" in error.message and error.traceparent.startswith("00-"), error)
    expect(error.attempts == 1, error.attempts)


@behaviour("retry-429")
def _():
    start = time.monotonic()
    expect(stand_in("busy").submit(PHOTO_URL).status == "starting", "not accepted")
    expect(time.monotonic() - start >= 1, "Retry-After: 1 was not honoured")


@behaviour("retry-500")
def _():
    expect(stand_in("failing").submit(PHOTO).status == "starting", "not accepted")


@behaviour("retry-503")
def _():
    expect(stand_in("unavailable").submit_batch([PHOTO])[0].status == "starting", "not accepted")


@behaviour("retry-connection")
def _():
    with PHOTO.open("rb") as stream:
        expect(stand_in("closing").submit(stream).status == "starting", "not accepted")


@behaviour("retry-gives-up")
def _():
    error = raises(ApiError, lambda: stand_in("patient").submit(PHOTO_URL))
    expect((error.status, error.retry_after, error.attempts) == (429, 3600, 1), error)
    few = RemoveBgClient(f"{STAND_IN}/hopeless", KEY, retries=1)
    error = raises(ApiError, lambda: few.submit(PHOTO_URL))
    expect((error.status, error.message, error.attempts) == (503, "Service Unavailable", 2), error)


@behaviour("retry-delete")
def _():
    stand_in("deleting").delete("1")


@behaviour("retry-download")
def _():
    expect(stand_in("storing").download("1") == b"0123456789", "not whole")


@behaviour("wait-polls")
def _():
    start = time.monotonic()
    expect(stand_in("polling").wait("1").status == "succeeded", "not ended")
    expect(time.monotonic() - start >= 3, "Retry-After: 3 was not honoured")


@behaviour("wait-broken-stream")
def _():
    expect(stand_in("breaking").wait("1").status == "succeeded", "not ended")


@behaviour("wait-timeout")
def _():
    raises(WaitTimeout, lambda: stand_in("endless").wait("1", timeout=0.5))


@behaviour("artwork-failed")
def _():
    error = raises(ArtworkFailed, lambda: stand_in("broken").wait("1"))
    expect((error.code, error.message) == ("image_timeout", "Too slow."), error)


@behaviour("cancellation")
def _():
    start = time.monotonic()
    impatient = RemoveBgClient(f"{STAND_IN}/silent", KEY, timeout=0.5, retries=0)
    raises(ConnectionError, lambda: impatient.submit(PHOTO_URL))
    expect(time.monotonic() - start < 10, "it went on")


sys.exit(failures > 0)
