from __future__ import annotations

import pytest

from runtime.base.records import EnvVar
from runtime.builds.web_server_port import web_server_port


@pytest.mark.parametrize(
    ("own", "image", "port"),
    [
        ({}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "8080"}, {}, 8080),
        ({"APIFY_CONTAINER_PORT": "8081"}, {}, 8081),
        ({"ACTOR_STANDBY_PORT": "8082"}, {}, 8082),
        ({"APIFY_CONTAINER_PORT": "8081", "ACTOR_WEB_SERVER_PORT": "8080"}, {}, 8080),
        ({}, {"ACTOR_WEB_SERVER_PORT": "9000"}, 9000),
        ({"ACTOR_WEB_SERVER_PORT": "8080"}, {"ACTOR_WEB_SERVER_PORT": "9000"}, 8080),
        ({"ACTOR_WEB_SERVER_PORT": "65535"}, {}, 65_535),
        ({"ACTOR_WEB_SERVER_PORT": "65536"}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "0"}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "-1"}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": ""}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "http"}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "²"}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "9" * 5000}, {}, 4321),
        ({"ACTOR_WEB_SERVER_PORT": "nonsense", "APIFY_CONTAINER_PORT": "8081"}, {}, 8081),
    ],
)
def test_the_port_is_that_of_the_version_then_of_the_image_then_of_the_platform(
    own: dict[str, str], image: dict[str, str], port: int
) -> None:
    env_vars = [EnvVar(name=name, value=value) for name, value in own.items()]
    assert web_server_port(env_vars, image) == port


def test_the_versions_port_takes_precedence_even_under_another_name() -> None:
    own = [EnvVar(name="APIFY_CONTAINER_PORT", value="8081")]
    assert web_server_port(own, {"ACTOR_WEB_SERVER_PORT": "9000"}) == 8081
