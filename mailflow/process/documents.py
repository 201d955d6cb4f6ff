"""The documents of a case: which a mail hands in, which a field lists, which are not signed."""

from __future__ import annotations

import re

from .model import Action, Process
from .names import Names
from .world import Case, Problem


def listed_documents(process: Process, case: Case) -> list[str]:
    """The documents that a field of the case lists, one each (逐项文件), without the numbers in front of them."""
    parts = re.split(r"[、,，;；\n]", case.fields.get(process.listed, "")) if process.listed else []
    return [name for part in parts if (name := re.sub(r"^\s*(?:\d{1,2}[.、)）])?\s*|[\s。]+$", "", part))]


def handed_in(names: Names) -> list[str]:
    """来件: the documents that the mail's command or attachments speak of, else its subject, else the only one that is due."""
    event, documents = names.event, names.process.documents
    listed = [name for name in names.case.documents if name not in documents]  # by a field of the case (逐项文件)
    own = (event.argument, event.text.split("\n")[0], *event.files)
    list_field = names.process.fields.get(names.process.listed)
    if list_field and {list_field.name, *list_field.labels} & set(event.raw):
        own = event.files  # this mail writes the list itself: what it names is to come, only what it brings is here
    for said in ((*own, event.subject) if event.parts else own, (event.subject,)):
        if found := [d.name for d in documents.values() if any(word.strip("《》") in " ".join(said) for word in (d.name, *d.labels))]:
            return found
        if found := [name for name in listed if name.strip("《》") in " ".join(said)]:
            return found
    due = [d for d in (*documents, *listed) if names.case.documents.get(d, "-") in ("", event.at.isoformat())]  # the same before and after it is taken
    return due if len(due) == 1 and event.files else []


def unsigned(process: Process, action: Action, names: Names) -> list[Problem]:
    """Documents that must be signed (签名) and are handed in without a signature."""
    documents = [process.documents[d] for d in handed_in(names) if d in process.documents] if "来件" in action.effects.received else []
    return [
        Problem(d.signed, process.fields[d.signed].missing or f"《{d.name}》须有签名;请签字后重交,写明“{d.signed}:姓名”。期限照走")
        for d in documents if d.signed and not names.case.fields.get(d.signed)
    ]  # fmt: skip
