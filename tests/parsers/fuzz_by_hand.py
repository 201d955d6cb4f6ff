"""Coverage-guided fuzzing of the readers, by hand: `pip install atheris; python tests/parsers/fuzz_by_hand.py -max_total_time=3600 [CORPUS…]`.

Whatever the bytes, `read` gives a Message within two seconds and raises nothing; so do the readers of subjects and fields behind it.
"""

from __future__ import annotations

import sys
import time

import atheris

with atheris.instrument_imports(include=["parsers"]):
    import parsers
    from parsers import addresses, bodies, bounces, charsets, fields, headers, html, kinds, reader, replies, subjects, tree  # noqa: F401 - instrumented

PATTERNS = [subjects.Pattern(text) for text in ("客户沟通-<项目>项目-<人员>", "投诉-<项目>项目沟通问题", "延期申请-<单号>")]
LABELS = ["沟通结果", "项目名称", "沟通人", "金额(万元)", "说明"]


def once(data: bytes) -> None:
    began = time.process_time()
    message = parsers.read(data)
    subject = subjects.clean(message.subject)
    for pattern in PATTERNS:
        pattern.match(subject)
    subjects.near(subject, PATTERNS)
    fields.read_fields(message.reply_text, LABELS, message.tables)
    assert time.process_time() - began < 2, "more than two seconds"


if __name__ == "__main__":
    atheris.Setup(sys.argv, once)
    atheris.Fuzz()
