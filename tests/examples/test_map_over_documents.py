"""A Map over documents: order, concurrency, and one bad item that harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from pypdf import PdfReader

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from examples.catalogue import example_named
from examples.laboratory import Laboratory
from examples.map_over_documents.server import PAGES, Archive, archive
from examples.resources import BUCKET


@pytest.fixture
def served() -> Iterator[Archive]:
    with archive() as running:
        yield running


@pytest.fixture
def lab(served: Archive) -> Iterator[Laboratory]:
    with embedded_aws() as aws:
        yield Laboratory(aws, example_named("map_over_documents"), {"DOCUMENTS_ADDRESS": served.address})


def words_of_the_merged(key: str) -> list[str]:
    content = client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return [page.extract_text().strip() for page in PdfReader(BytesIO(content)).pages]


def test_documents_are_merged_in_the_order_of_the_input(lab: Laboratory, served: Archive) -> None:
    names = list(reversed(PAGES))
    run = lab.run({"documents": names})
    assert run.output == {"merged": "example/merged.pdf", "pages": 8, "missing": []}
    assert words_of_the_merged("example/merged.pdf") == [words for name in names for words in PAGES[name]]
    assert served.requests == dict.fromkeys(PAGES, 1)


def test_five_items_are_begun_at_once_and_the_sixth_when_one_has_ended(lab: Laboratory) -> None:
    run = lab.run({"documents": list(PAGES)})
    kinds = [event["type"] for event in run.history]
    begun = [at for at, kind in enumerate(kinds) if kind == "MapIterationStarted"]
    first_ended = kinds.index("MapIterationSucceeded")
    assert len(begun) == 6
    assert sum(at < first_ended for at in begun) == 5


def test_an_item_that_cannot_be_had_is_retried_then_reported_and_the_others_stand(
    lab: Laboratory, served: Archive
) -> None:
    run = lab.run({"documents": ["cover.pdf", "lost.pdf", "index.pdf"]})
    assert run.status == "SUCCEEDED"
    assert served.requests == {"cover.pdf": 1, "lost.pdf": 3, "index.pdf": 1}
    assert words_of_the_merged("example/merged.pdf") == ["Cover", "Index"]
    assert run.output["missing"] == [
        {
            "name": "lost.pdf",
            "error": "DocumentUnavailable",
            "cause": "lost.pdf: the server answered 404 Not Found",
        }
    ]


def test_an_item_that_is_no_pdf_is_reported_without_a_retry(lab: Laboratory, served: Archive) -> None:
    run = lab.run({"documents": ["notes.txt", "cover.pdf"]})
    assert served.requests == {"notes.txt": 1, "cover.pdf": 1}
    assert [each["error"] for each in run.output["missing"]] == ["DocumentUnreadable"]
    assert words_of_the_merged("example/merged.pdf") == ["Cover"]


def test_an_item_that_is_no_name_is_reported_too(lab: Laboratory) -> None:
    run = lab.run({"documents": [7, "cover.pdf"]})
    assert "7 is no document's name" in run.output["missing"][0]["cause"]


@pytest.mark.parametrize("given", [{}, {"documents": []}, {"documents": "cover.pdf"}])
def test_without_documents_nothing_is_fetched(
    lab: Laboratory, served: Archive, given: dict[str, object]
) -> None:
    run = lab.run(given)
    assert run.error == "NoDocuments"
    assert not served.requests
