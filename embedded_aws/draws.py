"""Long ids of moto's, drawn at once: the same that moto draws letter by letter, and as many draws.

SQS gives each message it delivers a receipt handle of 185 letters, and each answer has a request id of 52, which took
three parts in a hundred of the CPU of a long rehearsal. Python's `choice` takes as many high bits of a 32-bit draw as
the alphabet's length has, and draws again where they lead past its end; here all draws that are missing are made at
once.
"""

from __future__ import annotations

import string
from functools import cache
from random import Random

from moto.moto_api._internal import mock_random
from moto.moto_api._internal.moto_random import MotoRandom
from moto.sqs import models

HANDLE_LETTERS = 185


def install() -> None:
    """Let moto draw its long ids at once."""
    models.generate_receipt_handle = _receipt_handle
    MotoRandom.get_random_string = _random_string


def letters(source: Random, alphabet: str, count: int) -> str:
    """Return `count` letters as `source.choice(alphabet)` draws them one by one; at most 128 letters of ASCII."""
    letter_of, past_the_end = _by_high_byte(alphabet)
    drawn = b""
    while missing := count - len(drawn):
        words = source.getrandbits(32 * missing).to_bytes(
            4 * missing, "little"
        )  # the first draw is the lowest
        drawn += words[3::4].translate(letter_of, past_the_end)
    return drawn.decode()


@cache
def _by_high_byte(alphabet: str) -> tuple[bytes, bytes]:
    """Return the letter for each high byte of a draw, and the bytes that stand for none."""
    unused_bits = 8 - len(alphabet).bit_length()
    places = [byte >> unused_bits for byte in range(256)]
    letter_of = bytes(ord(alphabet[place]) if place < len(alphabet) else 0 for place in places)
    return letter_of, bytes(byte for byte, place in enumerate(places) if place >= len(alphabet))


def _receipt_handle() -> str:
    return letters(mock_random, string.ascii_lowercase, HANDLE_LETTERS)


def _random_string(
    source: Random, length: int = 20, include_digits: bool = True, lower_case: bool = False
) -> str:
    pool = string.ascii_letters + (string.digits if include_digits else "")
    drawn = letters(source, pool, length)
    return drawn.lower() if lower_case else drawn
