"""Fetches one document an invocation, and merges those that were fetched; the bucket holds what states can't."""

from __future__ import annotations

import json
import os
from io import BytesIO
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import urlopen

import boto3
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PdfReadError


class DocumentUnavailable(Exception):  # noqa: N818  # the machine's Retry reads better without "Error"
    """The document can't be had now; the machine tries again."""


class DocumentUnreadable(Exception):  # noqa: N818  # as above
    """The document is no PDF; trying again won't help."""


def fetch_document(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Put a document into the bucket; return its name, key and pages.

    Raises DocumentUnavailable and DocumentUnreadable.
    """
    name = event["name"]
    content = _download(name)
    key = f"{event['run']}/{event['number']:04}-{name}"
    pages = _pages(name, content)
    _bucket().put_object(Bucket=os.environ["DOCUMENTS_BUCKET"], Key=key, Body=content)
    return {"name": name, "key": key, "pages": pages}


def merge_documents(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Merge what was fetched, in order; return the merged document's key and pages, and what is missing from it."""
    writer, bucket, name = PdfWriter(), _bucket(), os.environ["DOCUMENTS_BUCKET"]
    for document in event["documents"]:
        if "key" in document:
            writer.append(BytesIO(bucket.get_object(Bucket=name, Key=document["key"])["Body"].read()))
    merged = BytesIO()
    writer.write(merged)
    key = f"{event['run']}/merged.pdf"
    bucket.put_object(Bucket=name, Key=key, Body=merged.getvalue())
    missing = [_missing(document) for document in event["documents"] if "error" in document]
    return {"merged": key, "pages": len(writer.pages), "missing": missing}


def _missing(document: dict[str, Any]) -> dict[str, str]:
    try:
        # A function's error arrives as JSON; a time-out's cause is plain words.
        cause = json.loads(document["cause"])["errorMessage"]
    except (ValueError, KeyError, TypeError):
        cause = document["cause"]
    return {"name": document["name"], "error": document["error"], "cause": cause}


def _download(name: object) -> bytes:
    if not isinstance(name, str) or not name:
        raise DocumentUnreadable(f"{name!r} is no document's name: expected text such as 'cover.pdf'")
    address = f"{os.environ['DOCUMENTS_ADDRESS']}/{quote(name)}"
    try:
        with urlopen(address, timeout=10) as answer:  # noqa: S310  # the scheme is the environment's, not the input's
            content: bytes = answer.read()
            return content
    except HTTPError as error:
        raise DocumentUnavailable(f"{name}: the server answered {error.code} {error.reason}") from error
    except (URLError, TimeoutError) as error:
        raise DocumentUnavailable(f"{name}: the server didn't answer ({error})") from error


def _pages(name: str, content: bytes) -> int:
    try:
        return len(PdfReader(BytesIO(content)).pages)
    except PdfReadError as error:
        raise DocumentUnreadable(f"{name}: this is no PDF ({error})") from error


def _bucket() -> Any:
    return boto3.client("s3")
