"""The one place where things are built from a configuration."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path

from store import open_store

from .config import Config, load
from .credentials import password
from .mailbox import open_mailbox
from .masterdata import MasterData
from .passes import Office
from .process.library import Library, shipped
from .transport import open_transport


def open_office(path: Path, *, mailboxes: bool = False) -> Office:
    """Everything for a pass. Raises ConfigError, StoreError, MasterDataError. `mailboxes` False: for looking only."""
    config = load(path)
    library = open_library(config)
    store = open_store(config.store.database, config.store.archive)
    store.migrate()
    master = MasterData(config.masterdata_folder)
    most = config.limits.message_mb * 1_000_000
    # not yet connected: one that is away keeps neither the others nor the service from starting
    boxes = [open_mailbox(box, partial(password, box), max_size=most, connect=False) for box in (config.mailboxes if mailboxes else ())]
    return Office(config, store, library, master, boxes, partial(open_transport, config.smtp, partial(password, config.smtp)), _secret(config))


def open_library(config: Config) -> Library:
    """The templates in force: an organisation's own files before the shipped ones."""
    folders = [shipped()]
    if config.templates_folder is not None:
        folders.append(config.templates_folder)
    return Library(folders)


def _secret(config: Config) -> bytes:
    """The key of the single-use proofs: made once, beside the archive, readable by the service alone."""
    folder = Path(config.store.archive) if "://" not in config.store.archive else config.base
    file = folder / "proof.key"
    try:
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600, exist_ok=False)
            file.write_bytes(secrets.token_bytes(32))
        return file.read_bytes()
    except FileExistsError:
        return file.read_bytes()
    except OSError:
        return b""  # without a key letters carry no proof; commands then go by [trust] alone
