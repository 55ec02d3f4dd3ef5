"""Which network addresses may be asked: public ones alone.

A name is looked up once and every address it has is checked, so that a public name for a private machine is refused;
the connection then goes to the checked address and never looks the name up again, so that a second, different answer
(DNS rebinding) has no effect. Addresses that carry an IPv4 address inside an IPv6 one are judged by the inner one too.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

from ytterby.evidence.read.limits import ReadError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TRANSLATED = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, by the registries of special addresses."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if not all(is_public(inner) for inner in _inner(address)):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    found = [address.sixtofour, *(address.teredo or ())]
    if any(address in net for net in _TRANSLATED):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def checked_addresses(host: str, port: int, *, admit: Callable[[Address], bool], wait_s: float) -> list[str]:
    """Return the addresses of a host, once all of them have been checked.

    Raises:
        ReadError: the name is unknown, or an address is not admitted.
    """
    found = _look_up(host, port, wait_s)
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not admit(address):
            raise ReadError(f"'{host}' is at {address}, which is not a public address; such are never asked")
    return found


def _look_up(host: str, port: int, wait_s: float) -> list[str]:
    """Return the addresses of a host; a name server that is silent is not waited for without end."""
    held: list[str] = []
    said: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            said.append(getattr(error, "strerror", None) or str(error))
            return
        held.extend(str(answer[4][0]) for answer in answers)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(wait_s)
    if not held:
        raise ReadError(f"the name '{host}' cannot be looked up: {said[0] if said else 'no answer'}")
    return list(dict.fromkeys(held))
