"""Bytes of a mail to facts: pure functions without database, network, disk or clock."""

from .message import Address, Attachment, FailedRecipient, Limits, Message, Problem
from .reader import read

__all__ = ["Address", "Attachment", "FailedRecipient", "Limits", "Message", "Problem", "read"]
