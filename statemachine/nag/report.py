"""Runs in an environment of its own, where cdk-nag is: prints what its AwsSolutions rules find in a template, as JSON.

    python report.py TEMPLATE.json

https://github.com/cdklabs/cdk-nag
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import aws_cdk  # only in the environment that `make nag` makes
import cdk_nag  # type: ignore[import-not-found]  # likewise
from aws_cdk.cloudformation_include import CfnInclude  # likewise


def violations(template: str, folder: str) -> list[list[str]]:
    """Return rule, with what it found in brackets, and logical id of each violation."""
    app = aws_cdk.App(outdir=folder)
    stack = aws_cdk.Stack(app, "stack")
    CfnInclude(stack, "of", template_file=template)
    aws_cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError:  # it has violations
        if not Path(folder, "validation-report.json").exists():
            raise
    report = json.loads(Path(folder, "validation-report.json").read_text(encoding="utf-8"))
    return [
        [found["ruleName"], construct["constructPath"].rpartition("/")[2]]
        for plugin in report["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
        for found in plugin["violations"]
        for construct in found["violatingConstructs"]
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = violations(sys.argv[1], scratch)
    print(json.dumps(found))
