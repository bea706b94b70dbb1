"""What an operator can open."""

from ipaddress import ip_address

import pytest

from justpaid.outbound.policy import OutboundPolicy, parse_allow


@pytest.mark.parametrize(
    ("allow", "host", "port", "address", "is_permitted"),
    [
        ("", "internal", 80, "10.0.0.1", False),
        ("", "example.com", 443, "93.184.216.34", True),
        ("10.0.0.0/8", "internal", 80, "10.0.0.1", True),
        ("10.0.0.0/8", "internal", 80, "192.168.0.1", False),
        ("127.0.0.1", "x", 80, "127.0.0.1", True),
        ("127.0.0.1", "x", 80, "127.0.0.2", False),
        ("127.0.0.1:8080", "x", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "x", 8081, "127.0.0.1", False),
        ("[::1]:8080", "x", 8080, "::1", True),
        ("::1", "x", 8080, "::1", True),
        ("fd00::/8", "x", 1, "fd12::1", True),
        ("ERP.internal", "erp.internal", 443, "10.0.0.1", True),
        ("erp.internal", "x.erp.internal", 443, "10.0.0.1", False),
        ("erp.internal:8443", "erp.internal", 443, "10.0.0.1", False),
        (" erp.internal:8443 , 10.0.0.0/8 ", "erp.internal", 8443, "192.168.1.1", True),
        ("127.0.0.0/8", "x", 80, "::ffff:127.0.0.1", False),
    ],
)
def test_an_entry_opens_exactly_what_it_names(
    allow: str, host: str, port: int, address: str, *, is_permitted: bool
) -> None:
    """An exception for one place is none for its neighbour."""
    policy = OutboundPolicy(allow=parse_allow(allow))
    assert policy.permits(host, port, ip_address(address)) is is_permitted


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "http://x", "a b", "x:0", "x:70000", "1.2.3"])
def test_an_entry_that_cannot_be_read_is_named(entry: str) -> None:
    """A mistyped exception stops the start instead of opening something else."""
    with pytest.raises(ValueError, match="'"):
        parse_allow(f"127.0.0.1,{entry}")
