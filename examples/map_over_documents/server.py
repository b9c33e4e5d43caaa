"""Serves a few small PDFs on loopback, as the archive that the documents are fetched from."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

PAGES = {
    "cover.pdf": ["Cover"],
    "contents.pdf": ["Contents"],
    "chapter-1.pdf": ["Chapter 1", "Chapter 1, continued"],
    "chapter-2.pdf": ["Chapter 2"],
    "chapter-3.pdf": ["Chapter 3", "Chapter 3, continued"],
    "index.pdf": ["Index"],
}
"""The documents of the archive and what their pages say."""

_NO_PDF = "notes.txt"


class Archive:
    """The running server: its address, and how often each document was asked for."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.address = ""


@contextmanager
def archive() -> Iterator[Archive]:
    """Serve the documents on a free port of loopback until the block ends."""
    served = Archive()
    documents = {f"/{name}": a_pdf(pages) for name, pages in PAGES.items()} | {f"/{_NO_PDF}": b"only notes"}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            served.requests[self.path.removeprefix("/")] += 1
            content = documents.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing: the run's report is what people read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_pdf(pages: list[str]) -> bytes:
    """Return a PDF whose pages say these words."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for words in pages:
        page = writer.add_blank_page(width=300, height=200)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 18 Tf 40 100 Td ({words}) Tj ET".encode("ascii"))
        page[NameObject("/Contents")] = writer._add_object(content)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    written = BytesIO()
    writer.write(written)
    return written.getvalue()
