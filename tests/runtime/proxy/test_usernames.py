from __future__ import annotations

import pytest

from runtime.base.proxy_settings import GROUPS
from runtime.proxy.usernames import InvalidUsername, Parameters, parse_username


@pytest.mark.parametrize(
    ("username", "groups", "session", "country"),
    [
        ("auto", (), None, None),
        ("groups-SHADER", ("SHADER",), None, None),
        ("groups-SHADER+RESIDENTIAL,session-a.b_c~1,country-US", ("SHADER", "RESIDENTIAL"), "a.b_c~1", "US"),
        ("country-US_CA", (), None, "US_CA"),
        ("auto,session-1", (), "1", None),
        (f"session-{'x' * 50}", (), "x" * 50, None),
    ],
)
def test_valid_usernames(username: str, groups: tuple[str, ...], session: str | None, country: str | None) -> None:
    assert parse_username(username, GROUPS) == Parameters(username, groups, session, country)


@pytest.mark.parametrize(
    ("username", "message"),
    [
        ("groups-BOB", 'Invalid username: proxy group "BOB" not found or not accessible.'),
        ("groups-SHADER+", 'proxy group "" not found'),
        ("groups-shader", 'proxy group "shader" not found'),
        ("session-", '"session"'),
        ("session-a-b", '"session"'),
        (f"session-{'x' * 51}", '"session"'),
        ("session-é", '"session"'),
        ("country-us", '"country"'),
        ("country-USA", '"country"'),
        ("country-US_CALI", '"country"'),
        ("session-1,session-2", '"session" is given twice'),
        ("", 'unknown parameter ""'),
        ("bob", 'unknown parameter "bob"'),
    ],
)
def test_invalid_usernames(username: str, message: str) -> None:
    with pytest.raises(InvalidUsername) as raised:
        parse_username(username, GROUPS)
    assert message in str(raised.value)


def test_the_first_group_is_the_one_that_is_used() -> None:
    assert parse_username("groups-SHADER+RESIDENTIAL", GROUPS).group == "SHADER"
    assert parse_username("auto", GROUPS).group == "auto"
