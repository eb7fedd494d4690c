import pytest
from starlette.requests import HTTPConnection

from discussit.client_address import client_network


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 1), "2001:db8:1:2::/64"),
        (("::ffff:203.0.113.9", 1), "203.0.113.9"),
        (("fe80::1%eth0", 1), "fe80::/64"),
        (("testclient", 1), ""),
        (("", 1), ""),
        (None, ""),
    ],
)
def test_an_address_is_what_one_customer_is_given(client, address):
    assert client_network(HTTPConnection({"type": "http", "client": client})) == address
