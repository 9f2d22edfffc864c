"""The network address of whoever sent a request."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def address_of(request: HttpRequest) -> Address | None:
    """The visitor's address; None if the server does not know it.

    Without BEHIND_PROXY it is the address of the connection, whatever the headers say. With it,
    X-Forwarded-For is read from its end: the nearest proxy wrote the last address, and each of
    PROXY_NETWORKS the one before its own. Whatever stands before is the visitor's invention.
    """
    peer = _read(request.META.get("REMOTE_ADDR", ""))
    if not settings.BEHIND_PROXY:
        return peer
    proxies = [ip_network(network) for network in settings.PROXY_NETWORKS]
    for part in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        address = _read(part)
        if address is None:
            break
        peer = address
        if not any(address in network for network in proxies):
            break
    return peer


def counted_address(request: HttpRequest) -> str | None:
    """The address under which guesses are counted (AXES_CLIENT_IP_CALLABLE).

    Of an IPv6 address its /64, since a household or a rented server has all of that.
    """
    address = address_of(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address) if address else None


def _read(text: str) -> Address | None:
    """`192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; None for anything else."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
