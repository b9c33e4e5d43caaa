"""SAM's macro by SAM's own translator, in a Python that has it: template, parameters and Region in, template out.

Run as a file, by itself: the translator wants another release of pydantic than moto.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def main() -> int:
    """Translate what standard input has; what can't be is said on standard error."""
    from samtranslator.model.exceptions import (  # type: ignore[import-not-found]  # noqa: PLC0415  # not in this environment
        InvalidDocumentException,
    )
    from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]  # noqa: PLC0415
    from samtranslator.translator.translator import (  # type: ignore[import-not-found]  # noqa: PLC0415
        Translator,
    )

    asked: dict[str, Any] = json.load(sys.stdin)
    os.environ["AWS_DEFAULT_REGION"] = asked["region"]
    try:
        print(json.dumps(Translator({}, Parser()).translate(asked["template"], asked["parameters"])))
    except InvalidDocumentException as error:
        causes = " ".join(str(each.message) for each in error.causes)
        print(f"{error.message} {causes}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
