from people import HttpPerson


def test_the_devices_cookie_is_for_the_server_alone(site):
    answer = HttpPerson(site, "alice").sign_up()

    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith("discussit_device=")]

    assert {"HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "alice" not in cookie


def test_over_https_the_devices_cookie_can_not_be_planted(site):
    alice = HttpPerson(site, "alice")
    alice.browser.base_url = "https://testserver"

    cookies = alice.sign_up().headers.get_list("set-cookie")

    assert [each for each in cookies if each.startswith("__Host-discussit_device=") and each.endswith("; Secure")]
