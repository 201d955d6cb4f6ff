"""Promises of mailflow.trust: RFC 8601 read as somebody hostile would write it, and tokens that fit one letter alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.trust import check, issue, nonce_of, proof

OURS = "mx.corp.example"
SENDER = "zhangsan@corp.example"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("mx.corp.example; dmarc=pass header.from=corp.example", "dmarc"),
        ("MX.Corp.Example 1; dmarc=pass (p=NONE dis=NONE) header.from=CORP.example", "dmarc"),
        ("mx.corp.example;\r\n\tdkim=pass header.d=corp.example header.s=s1 header.b=AbC=;\r\n\tspf=fail smtp.mailfrom=a@evil.example", "dkim"),
        ("mx.corp.example; dkim=pass header.i=@corp.example", "dkim"),
        ("mx.corp.example; dkim=fail header.d=corp.example; dkim=pass header.d=corp.example", "dkim"),
        ('mx.corp.example; spf=pass reason="good; \\"fine\\" (really" smtp.mailfrom=bounce@corp.example', "spf"),
        ("mx.corp.example (a (nested) comment; dmarc=pass); spf = pass smtp . mailfrom = corp.example", "spf"),
        ("mx.corp.example; spf=pass (odd \\) comment; dmarc=fail) smtp.mailfrom=corp.example", "spf"),
        ('mx.corp.example; spf=pass reason="a\\"; b" smtp.mailfrom="corp.example"', "spf"),
        ('"mx.corp.example"; dmarc/1=pass action=none header.from=corp.example', "dmarc"),
        ("mx.corp.example; dmarc=temperror header.from=corp.example; dkim=pass header.d=corp.example", "dkim"),
    ],
)
def test_a_result_aligned_with_the_sender_is_a_proof(header: str, expected: str) -> None:
    assert proof([header], OURS, SENDER) == expected


@pytest.mark.parametrize(
    "header",
    [
        "mx.corp.example; none",
        "mx.corp.example",
        "mx.corp.example; dmarc=none header.from=corp.example",
        "mx.corp.example; dmarc=pass header.from=evil.example",
        "mx.corp.example; dmarc=pass",
        "mx.corp.example; dkim=pass header.d=evil.example",
        "mx.corp.example; dkim=pass header.d=notcorp.example",
        "mx.corp.example; dkim=pass header.d=example",
        "mx.corp.example; dkim=pass header.d=sub.corp.example",
        "mx.corp.example; spf=pass smtp.helo=corp.example",
        "mx.corp.example; spf=softfail smtp.mailfrom=corp.example",
        "mx.corp.example; dmarc=fail header.from=corp.example; dkim=pass header.d=corp.example; spf=pass smtp.mailfrom=corp.example",
        # other people's names for themselves
        "evil.example; dmarc=pass header.from=corp.example",
        "mx.corp.example.evil.example; dmarc=pass header.from=corp.example",
        "dmarc=pass header.from=corp.example",
        "(mx.corp.example;) evil.example; dmarc=pass header.from=corp.example",
        # bad syntax
        "mx.corp.example; dmarc=pass header.from=corp.example; what is this",
        "mx.corp.example; dmarc=pass (open header.from=corp.example",
        'mx.corp.example; dmarc=pass header.from="corp.example',
        "mx.corp.example; spf=pass smtp.mailfrom=a@evil.example smtp.mailfrom=a@corp.example",
        "mx.corp.example; dmarc = = pass header.from=corp.example",
        "",
    ],
)
def test_nothing_else_is(header: str) -> None:
    assert proof([header], OURS, SENDER) == ""


def test_only_the_topmost_header_of_our_server_counts() -> None:
    """What stands below was in the mail when it came: a sender can write it."""
    forged = "mx.corp.example; dmarc=pass header.from=corp.example"
    assert proof(["mx.corp.example; spf=none", forged], OURS, SENDER) == ""
    assert proof(["other.example; dmarc=fail header.from=corp.example", forged], OURS, SENDER) == "dmarc"


def test_without_a_named_server_nothing_is_believed() -> None:
    assert proof(["mx.corp.example; dmarc=pass header.from=corp.example"], None, SENDER) == ""
    assert proof([], OURS, SENDER) == ""
    assert proof(["mx.corp.example; dmarc=pass header.from="], OURS, "no address") == ""


def test_a_parent_domain_may_sign_for_its_subdomain_and_chinese_domains_are_compared_as_a_labels() -> None:
    assert proof(["mx.corp.example; dkim=pass header.d=corp.example"], OURS, "a@mail.corp.example") == "dkim"
    assert proof(["mx.corp.example; dmarc=pass header.from=xn--fiq228c.example"], OURS, "a@中文.example") == "dmarc"


@given(st.text(max_size=200))
def test_no_header_raises(text: str) -> None:
    assert proof([text, "mx.corp.example;" + text], OURS, SENDER) in ("", "dmarc", "dkim", "spf")


def test_a_huge_header_is_not_read() -> None:
    assert proof(["mx.corp.example; dmarc=pass header.from=corp.example" + " a.b=c" * 100_000], OURS, SENDER) == ""


# -- tokens

SECRET = b"a secret of the service"
CASE = "MF-COMM-2026-0007"


def test_a_token_fits_its_person_case_and_action_alone() -> None:
    token = issue(SECRET, SENDER, CASE, "approve", "k3f9")
    assert check(SECRET, token, SENDER, CASE, "approve")
    assert not check(SECRET, token, "lisi@corp.example", CASE, "approve")
    assert not check(SECRET, token, SENDER, "MF-COMM-2026-0008", "approve")
    assert not check(SECRET, token, SENDER, CASE, "reject")
    assert not check(b"another secret", token, SENDER, CASE, "approve")
    assert not check(SECRET, token[:-1] + "x", SENDER, CASE, "approve")


def test_fields_cannot_be_shifted_into_each_other() -> None:
    assert issue(SECRET, "ab", "c", "d", "n") != issue(SECRET, "a", "bc", "d", "n")


def test_a_token_is_short_and_survives_a_mailto_subject() -> None:
    """Mail clients change case and trim; our own subject rules join dashes and normalise width (§0.4)."""
    token = issue(SECRET, "张三", CASE, "同意", "k3f9a0b1")
    assert len(token) <= 24 and token.isalnum() and token.isascii() and token == token.lower()
    assert check(SECRET, f" {token.upper()} ", "张三", CASE, "同意")


def test_the_nonce_can_be_read_back_so_that_a_token_is_used_once() -> None:
    token = issue(SECRET, "张三", CASE, "同意", "k3f9a0b1")
    assert nonce_of(token) == "k3f9a0b1"
    assert nonce_of("同意") == ""


@pytest.mark.parametrize("token", ["", "x", "同意同意同意同意同意同意同意同意同意", "a" * 16, "a" * 500, "--------------------"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert not check(SECRET, token, SENDER, CASE, "approve")


def test_a_bad_nonce_or_an_empty_secret_is_our_own_mistake() -> None:
    for nonce in ("", "A-B", "好"):
        with pytest.raises(ValueError):
            issue(SECRET, "a", "b", "c", nonce)
    with pytest.raises(ValueError):
        issue(b"", "a", "b", "c", "n")
