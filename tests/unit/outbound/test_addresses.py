"""Which addresses count as the public internet."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.outbound.addresses import is_public_address, parse_address

_SPECIAL_V4 = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("unspecified", "0.0.0.0"),  # noqa: S104  an address that must be refused
        ("loopback", "127.0.0.1"),
        ("loopback", "127.255.255.254"),
        ("private", "10.1.2.3"),
        ("private", "172.31.255.255"),
        ("private", "192.168.0.1"),
        ("carrier-grade NAT", "100.64.0.1"),
        ("metadata in carrier-grade NAT", "100.100.100.200"),
        ("link-local metadata", "169.254.169.254"),
        ("metadata at a public address", "168.63.129.16"),
        ("metadata in protocol assignments", "192.0.0.192"),
        ("documentation", "198.51.100.1"),
        ("benchmarking", "198.19.0.1"),
        ("multicast", "224.0.0.1"),
        ("reserved", "240.0.0.1"),
        ("broadcast", "255.255.255.255"),
        ("unspecified", "::"),
        ("loopback", "::1"),
        ("IPv4-mapped loopback", "::ffff:127.0.0.1"),
        ("IPv4-mapped public", "::ffff:93.184.216.34"),
        ("IPv4-compatible", "::127.0.0.1"),
        ("NAT64", "64:ff9b::7f00:1"),
        ("local NAT64", "64:ff9b:1::1"),
        ("discard", "100::1"),
        ("Teredo", "2001:0:1::1"),
        ("benchmarking", "2001:2::1"),
        ("ORCHID", "2001:20::1"),
        ("documentation", "2001:db8::1"),
        ("documentation", "3fff::1"),
        ("6to4 of loopback", "2002:7f00:1::1"),
        ("segment routing", "5f00::1"),
        ("unique local", "fd00::1"),
        ("metadata in unique local", "fd00:ec2::254"),
        ("link-local", "fe80::1"),
        ("link-local with a zone", "fe80::1%eth0"),
        ("public with a zone", "2606:4700::1111%eth0"),
        ("site-local", "fec0::1"),
        ("multicast", "ff02::1"),
    ],
)
def test_special_addresses_are_not_public(kind: str, text: str) -> None:
    """No kind of internal or special address can be reached by default."""
    assert not is_public_address(ip_address(text)), kind


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "223.255.255.254", "2606:4700::1111", "2a00:1450::1"]
)
def test_ordinary_addresses_are_public(text: str) -> None:
    """The guard does not keep the service from the internet."""
    assert is_public_address(ip_address(text))


@given(st.sampled_from(_SPECIAL_V4), st.integers(min_value=0))
def test_no_address_of_a_special_block_is_public(block: str, offset: int) -> None:
    """A special block is closed as a whole, not at sample addresses."""
    network = ip_network(block)
    address = network[offset % network.num_addresses]
    assert not is_public_address(address)
    assert not is_public_address(IPv6Address(f"::ffff:{address}"))
    assert not is_public_address(IPv6Address((0x2002 << 112) | (int(address) << 80)))
    assert not is_public_address(IPv6Address((0x64FF9B << 96) | int(address)))


@given(st.ip_addresses())
def test_nothing_that_python_calls_special_is_public(address: IPv4Address | IPv6Address) -> None:
    """Our table is never laxer than the standard library's classes."""
    if is_public_address(address):
        assert address.is_global
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_reserved
        assert not address.is_link_local


def test_only_canonical_spellings_are_addresses() -> None:
    """A spelling that resolvers read as an address is not taken for one that was checked."""
    assert parse_address("127.0.0.1") is not None
    for text in ("127.1", "0177.0.0.1", "2130706433", "0x7f.0.0.1", "localhost", ""):
        assert parse_address(text) is None
