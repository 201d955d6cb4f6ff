"""Attached office files, read so that none can stop the service: workbooks, and Word 97 by antiword, in a process of their own with limits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from parsers import Attachment
from parsers.documents import Document, Rows, read_rows

from .office_child import OUTPUT_MB, SECONDS

CONVERTER = "antiword"


def read(attachment: Attachment) -> Document:
    """The rows and the text of a document. Never raises: `Document.problem` says in Chinese what the sender can do."""
    return read_rows(attachment, old_word=as_docbook, workbook=workbook)


def workbook(data: bytes) -> Rows | None:
    """The rows of a workbook; None where they are too much. Two cells far apart cost a reader as much as all those between them."""
    try:
        done = subprocess.run([sys.executable, "-m", "mailflow.office_child"], input=data, capture_output=True, timeout=SECONDS + 5, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0 or len(done.stdout) > OUTPUT_MB * 2**20:
        return None
    said = json.loads(done.stdout)
    if "error" in said:
        raise ValueError(said["error"])
    rows: Rows = said["rows"]
    return rows


def as_docbook(data: bytes) -> bytes | None:
    """A Word 97 document (.doc, .wps) as DocBook, in UTF-8; None where there is no converter, or it does not get through."""
    program = shutil.which(CONVERTER)
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="mailflow-") as folder:
        file, made = Path(folder) / "a.doc", Path(folder) / "a.xml"
        file.write_bytes(data)
        with made.open("wb") as out:
            try:
                done = subprocess.run(
                    [sys.executable, "-m", "mailflow.office_child", program, "-m", "UTF-8", "-x", "db", str(file)],
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, timeout=SECONDS + 5, check=False,
                    env={**os.environ, "HOME": folder, "LC_ALL": "C.UTF-8"},
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return None
        return made.read_bytes() if done.returncode == 0 else None
