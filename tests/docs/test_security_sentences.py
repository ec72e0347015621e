"""Each sentence of docs/security.md has a test, which the table below names.

A key is the beginning of a sentence or of a row of a table, or the whole of it. A new or changed sentence fails until
the table has it. Sentences that state no behavior of Greenroom have a reason instead of a test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "security.md"
ADVICE = "advice to the reader"
INTRODUCTION = "introduces the sentences that follow it"
EXPLANATION = "explains why; another sentence states what Greenroom does"
OF_BROWSERS = "behavior of browsers, which Greenroom cannot change"
OF_DOCKER = "behavior of Docker, which Greenroom does not change"

CONFIGURATION = "tests/runtime/base/test_configuration.py::"
CONTAINER = "tests/docs/test_security_in_containers.py::"
SERVER = "tests/docs/test_security_of_the_server.py::"
TRACES = "tests/docs/test_secrets_leave_no_trace.py::"
ATTACKS = "tests/clients/test_console_attacks.py::"
COOKIES = "tests/api/request/test_session_cookies.py::"
APPLICATION = (
    "tests/api/routes/test_fit_application.py::test_a_browser_of_the_operator_writes_nothing_but_the_proven_memory"
)
SESSIONS = "tests/api/routes/test_console.py::"
HOSTS = "tests/api/request/test_allowed_hosts.py::"
ORIGINS = "tests/api/request/test_cross_origin.py::"
BROWSER = "tests/clients/test_browser.py::"
USERS = "tests/runtime/access/test_users.py::"
PROXY = "tests/runtime/proxy/"
DEVELOPMENT = "tests/api/routes/test_development.py::"
DEBUGGER_WATCH = "tests/runtime/runs/test_debugger_watch.py::"
MOUNTS_AND_PORTS = "tests/runtime/containers/test_mounts_and_ports.py::"
STANDBY = "tests/api/standby/test_standby_requests.py::"
POLICY = "tests/runtime/test_outbound_policy.py::"

LOGIN = "tests/cli/client_environment/test_variables.py::test_the_login_is_private_and_in_the_data_directory"

SENTENCES = {
    # Introduction, and "The server"
    "Greenroom is a tool": ADVICE,
    "Do not make it reachable": ADVICE,
    "The server controls Docker": EXPLANATION,
    "Therefore:": INTRODUCTION,
    "It listens only on": SERVER + "test_the_server_listens_only_on_loopback_and_its_gateway",
    "It answers only requests to its own host names": HOSTS + "test_hosts_that_are_allowed",
    "It rejects requests to any other domain name": HOSTS + "test_hosts_that_are_rejected",
    "It rejects requests that a browser sends": (
        HOSTS + "test_every_route_that_starts_runs_or_writes_is_protected_with_every_method"
    ),
    "The exceptions are in": INTRODUCTION,
    "Only the user who runs the server": (
        "tests/runtime/base/test_data_directory.py::test_only_the_owner_can_access_the_data_directory"
    ),
    "`server.json` contains the token": SERVER + "test_the_server_json_is_private_and_deleted_when_the_server_stops",
    "It has the mode 0600": SERVER + "test_the_server_json_is_private_and_deleted_when_the_server_stops",
    "`greenroom shell` runs commands": EXPLANATION,
    "Its WebSocket accepts only the token": (
        "tests/api/routes/test_greenroom.py::test_a_shell_needs_the_control_token_and_an_own_run"
    ),
    "The commands have the rights and limits of the Actor": (
        "tests/runtime/containers/test_terminals.py::test_a_process_has_the_user_and_the_limits_of_the_actor"
    ),
    "Only this token can build from local files": (
        "tests/api/routes/test_greenroom.py::test_the_local_controls_need_the_control_token",
        "tests/api/routes/test_actor_versions.py::test_only_the_operator_can_name_local_files",
    ),
    "Only this token and a browser of the operator": SESSIONS + "test_a_code_signs_one_browser_in_as_the_operator",
    # "The web console"
    "The [console](console.md) has the origin": EXPLANATION,
    "Scripts cannot read the cookie": ATTACKS + "test_pages_of_attackers_cannot_use_the_session",
    "The cookie counts only if": COOKIES + "test_a_cookie_counts_for_requests_of_its_own_origin_only",
    "A change needs the `Origin`": COOKIES + "test_a_cookie_counts_for_requests_of_its_own_origin_only",
    "So pages on other ports": ATTACKS + "test_pages_of_attackers_cannot_use_the_session",
    "A link in another program": ATTACKS + "test_a_link_of_an_attacker_starts_and_changes_nothing",
    "It changes nothing and starts no run": ATTACKS + "test_a_link_of_an_attacker_starts_and_changes_nothing",
    "A request with a token never uses": COOKIES + "test_a_request_with_credentials_of_its_own_never_uses_the_cookie",
    "Without `--user`, a browser that opens": (
        "tests/api/console/test_console.py::test_a_user_who_opens_a_page_is_signed_in_as_the_local_user"
    ),
    "With `--user`, it needs the token": SESSIONS + "test_a_server_with_users_requires_the_token_of_one_of_them",
    "The token of a run is rejected": SESSIONS + "test_a_server_with_users_requires_the_token_of_one_of_them",
    "`greenroom open` signs": (
        SESSIONS + "test_a_code_signs_one_browser_in_as_the_operator",
        SESSIONS + "test_a_code_expires",
    ),
    "The token in `server.json` is never": (
        "tests/cli/commands/test_runs.py::test_open_prints_a_page_of_the_console_that_signs_one_browser_in"
    ),
    "A browser of the operator cannot": (
        SESSIONS + "test_the_operators_session_gives_no_access_to_local_files_tokens_and_containers"
    ),
    "Its session ends with the server": SESSIONS + "test_the_operators_session_ends_with_the_server_and_after_a_day",
    "A session of a user ends": (
        SESSIONS + "test_a_session_expires",
        SESSIONS + "test_a_session_ends_when_the_tokens_of_its_user_change",
    ),
    "A browser of the operator can change one local file": APPLICATION,
    "`POST /greenroom/fits/FIT_ID/apply` writes": APPLICATION,
    "Nothing else in the file": APPLICATION,
    "Event streams end with the session": (
        "tests/api/routes/test_live_events.py::test_a_sign_out_ends_the_streams_of_the_session_at_once",
        "tests/api/routes/test_live_events.py::test_a_stream_ends_when_its_session_expires",
    ),
    "After signing out": SESSIONS + "test_a_sign_out_also_ends_copies_of_the_cookie_and_survives_a_restart",
    "The console runs only scripts": (
        ATTACKS + "test_the_console_runs_no_scripts_but_its_own_and_shows_web_servers_in_frames",
        "tests/api/console/test_console.py::"
        "test_the_policy_of_a_document_has_its_own_nonce_and_allows_only_the_consoles_scripts",
    ),
    "Only its page for `apify login`": (
        "tests/api/console/test_console.py::test_only_the_login_of_the_apify_command_may_connect_to_another_port"
    ),
    "Pages in stored records and exports": (
        ATTACKS + "test_pages_of_attackers_cannot_use_the_session",
        "tests/api/routes/test_datasets.py::test_formats_that_browsers_display_are_sandboxed",
    ),
    "They cannot use the session": ATTACKS + "test_pages_of_attackers_cannot_use_the_session",
    "The web server of an Actor never gets": ATTACKS + "test_pages_of_attackers_cannot_use_the_session",
    "If its address is below the API's own address, its responses": (
        "tests/api/web_server/test_path_form.py::"
        "test_path_form_requests_have_no_session_and_responses_no_effect_on_the_origin"
    ),
    "Browsers send a cookie to every port": OF_BROWSERS,
    "So another server on `localhost`": OF_BROWSERS,
    # "Web pages of other origins"
    "The platform's API is open": EXPLANATION,
    "Without `--user`, this server accepts any token": USERS + "test_by_default_any_token_belongs_to_the_local_user",
    "Then any web page": EXPLANATION,
    "| server | which pages": INTRODUCTION,
    "| without `--user` |": BROWSER + "test_a_page_of_any_origin_can_do_nothing_on_a_server_that_takes_any_token",
    "| with `--user` |": BROWSER + "test_a_page_of_any_origin_can_use_the_token_of_a_user",
    "[Standby](standby.md) has the same rule": (
        STANDBY + "test_pages_of_other_origins_are_rejected",
        STANDBY + "test_pages_of_other_origins_may_use_the_token_of_a_user",
    ),
    "Pages can read the headers": ORIGINS + "test_the_headers_of_a_page_of_items_are_exposed",
    "Credentials, such as cookies": ORIGINS + "test_requests_to_a_server_with_users",
    "A preflight request gets": ORIGINS + "test_preflights_of_a_server_with_users",
    # "Actors"
    "A container is a boundary": ADVICE,
    "Treat an Actor like": ADVICE,
    "Containers run without": CONTAINER + "test_a_container_lacks_capabilities_and_cannot_gain_privileges",
    "They cannot use the Docker engine": CONTAINER + "test_a_container_cannot_control_the_engine",
    "Containers of one server": "tests/runtime/containers/test_docker.py::test_containers_cannot_reach_each_other",
    "A prepared network is used": (
        "tests/runtime/containers/test_sandbox_pool.py::test_each_sandbox_is_taken_once_and_the_oldest_first"
    ),
    "Containers can reach": (
        CONTAINER + "test_a_container_reaches_the_api_and_services_on_all_interfaces_but_not_loopback"
    ),
    "They cannot reach services": (
        CONTAINER + "test_a_container_reaches_the_api_and_services_on_all_interfaces_but_not_loopback"
    ),
    "Each run has its own token": USERS + "test_run_tokens_are_unique_and_hard_to_guess",
    "It is valid until the run ends": (
        "tests/api/permissions/test_after_the_end_in_containers.py::test_writes_across_the_end_of_a_run"
    ),
    "The permission level of a run": (
        CONTAINER + "test_a_container_with_limited_permissions_reaches_only_its_own_storages"
    ),
    "Without `--user`, it does not stop": USERS + "test_by_default_any_token_belongs_to_the_local_user",
    "With `--user`, it cannot": CONTAINER + "test_a_container_cannot_invent_a_token_if_there_are_users",
    "A run cannot change what belongs": CONTAINER + "test_a_container_cannot_use_what_belongs_to_another_user",
    "Nor can it stop the server": CONTAINER + "test_a_container_cannot_stop_the_server_or_use_another_host_name",
    "Nobody can block the server": (
        "tests/api/test_hostile_actor.py::test_a_web_server_that_floods_its_clients",
        "tests/api/test_hostile_actor.py::test_a_client_that_floods_the_server",
    ),
    "A client that sends more than 200 frames": (
        "tests/api/test_hostile_actor.py::test_a_client_that_floods_the_events_socket"
    ),
    "A connection on which no complete head": (
        "tests/api/connections/test_idle_clients.py::test_a_connection_without_a_complete_head_is_closed",
        "tests/api/connections/test_idle_clients.py::test_a_connection_whose_body_stops_arriving_is_closed",
    ),
    "The server accepts as many": (
        "tests/api/connections/test_idle_clients.py::test_ten_thousand_idle_connections_cost_other_clients_nothing"
    ),
    "So idle clients": (
        "tests/api/connections/test_idle_clients.py::test_ten_thousand_idle_connections_cost_other_clients_nothing"
    ),
    "If the address of an Actor's web server": (
        "tests/api/web_server/test_path_form.py::test_path_form_responses_are_sandboxed"
    ),
    # "Development"
    "[Dev folders](development-loop.md) and": INTRODUCTION,
    "No file outside of a dev folder is mounted": (
        "tests/runtime/builds/test_source_mounts.py::"
        "test_a_build_of_another_source_mounts_nothing_outside_of_the_folder"
    ),
    "A Standby request passes its token": STANDBY + "test_the_tokens_of_the_server_do_not_reach_the_actor",
    "Names and titles that Actors choose": (
        "tests/cli/completion/test_suggestions.py::test_zsh_does_not_execute_the_title_of_an_actor"
    ),
    "Only the operator can register a dev folder": (
        DEVELOPMENT + "test_only_the_operator_registers_a_folder",
        DEVELOPMENT + "test_only_the_operator_mounts_the_source_of_a_build_or_debugs",
    ),
    "A container can read the mounted files": MOUNTS_AND_PORTS + "test_a_container_cannot_change_a_mounted_folder",
    "The runs of other users never mount": DEVELOPMENT + "test_the_runs_of_other_users_mount_nothing",
    "Only the operator can start a run that waits": (
        DEVELOPMENT + "test_only_the_operator_mounts_the_source_of_a_build_or_debugs",
        "tests/runtime/runs/test_development.py::"
        "test_a_debugged_run_has_a_full_core_after_a_restart_and_no_open_port_after_its_end",
    ),
    "The port of the debugger is open": (
        DEBUGGER_WATCH + "test_the_debug_port_is_open_on_loopback_only",
        MOUNTS_AND_PORTS + "test_another_port_can_be_reached_from_this_host_only",
    ),
    "Every program on this machine can attach": ADVICE,
    # "The proxy"
    "The [proxy](proxy.md) sends": INTRODUCTION,
    "It listens only where the server listens": SERVER + "test_the_server_listens_only_on_loopback_and_its_gateway",
    "Every request needs a password": PROXY + "test_client_connection.py::test_wrong_credentials",
    "The password of a run is valid": PROXY + "test_service.py::test_the_end_of_a_run_ends_its_tunnels",
    "It connects to public addresses only": PROXY + "test_destinations.py::test_public_addresses_are_reached",
    "It does not connect to loopback": (
        PROXY + "test_destinations.py::test_hosts_that_are_not_public_are_rejected",
        PROXY + "test_proxy_in_containers.py::test_nothing_on_this_machine_is_reached_without_permission",
    ),
    "`GREENROOM_PROXY_ALLOW` opens": PROXY + "test_destinations.py::test_allowed_hosts",
    "A host that is opened without a port": PROXY + "test_destinations.py::test_allowed_hosts",
    "A name is resolved once": PROXY + "test_destinations.py::test_a_name_is_resolved_once",
    "Every address that it resolves to": PROXY + "test_destinations.py::test_every_address_of_a_name_is_checked",
    "An [upstream proxy]": EXPLANATION,
    "Greenroom rejects only names": PROXY + "test_exits.py::test_an_upstream_gets_no_requests_for_this_machine",
    "An upstream on this machine": ADVICE,
    "Passwords do not appear": (
        TRACES + "test_no_secret_is_in_a_log_or_a_file",
        PROXY + "test_proxy_in_containers.py::test_the_password_of_a_user_is_not_shown",
        "tests/runtime/base/test_proxy_settings.py::"
        "test_neither_the_address_nor_the_text_of_an_upstream_has_credentials",
    ),
    "One password can have": (
        PROXY + "test_hostile_clients.py::test_one_account_cannot_have_all_connections",
        PROXY + "test_process.py::test_one_address_cannot_have_all_connections",
    ),
    "A client gets one minute": (
        PROXY + "test_hostile_clients.py::test_a_slow_head_is_given_up",
        PROXY + "test_hostile_clients.py::test_an_endless_head_is_rejected",
    ),
    # "Secrets"
    "Secret variables, tokens of runs and secret inputs": TRACES + "test_no_secret_is_in_a_log_or_a_file",
    "The server's log contains no tokens": (
        TRACES + "test_no_secret_is_in_a_log_or_a_file",
        TRACES + "test_an_unexpected_error_logs_no_secret",
    ),
    "Logs of builds show": TRACES + "test_no_secret_is_in_a_log_or_a_file",
    "Secret variables and the keys": (
        "tests/runtime/database/test_secret_env_vars.py::test_secrets_are_stored_encrypted_and_read_decrypted",
        "tests/api/routes/test_input_schemas.py::test_secrets_are_stored_encrypted",
    ),
    "The key is `vault.key`": "tests/runtime/base/test_vault.py::test_only_the_owner_can_read_the_key_file",
    "A copy of the database alone": TRACES + "test_no_secret_is_in_a_log_or_a_file",
    "The database also contains": TRACES + "test_no_secret_is_in_a_log_or_a_file",
    "Tokens and signatures": SERVER + "test_secrets_are_compared_in_constant_time",
    "A signed URL that was altered": (
        "tests/runtime/access/test_signatures.py::test_any_other_signature_is_invalid",
        "tests/runtime/access/test_signatures.py::test_a_signature_is_valid_with_and_without_padding_until_it_expires",
    ),
    "Build arguments become": OF_DOCKER,
    "Use [build secrets]": (
        "tests/runtime/builds/test_builds_in_containers.py::"
        "test_a_mounted_secret_is_read_by_its_step_and_is_not_in_the_image"
    ),
    # "Outbound requests"
    "Greenroom makes no outbound requests": (
        "tests/test_imports.py::test_outside_packages_are_imported_only_where_listed"
    ),
    "The Docker engine pulls images": OF_DOCKER,
    "The server sends webhooks": EXPLANATION,
    "So a webhook can reach services on the loopback": (
        "tests/runtime/webhooks/test_webhooks_of_a_live_server.py::test_other_servers_get_no_token"
    ),
    "`GREENROOM_OUTBOUND_ALLOW=none` prevents": POLICY + "test_loopback_is_closed_if_the_setting_does_not_list_it",
    "Webhooks and archives never reach": POLICY + "test_no_spelling_reaches_a_metadata_service",
    "The address of every connection": (
        POLICY + "test_a_name_is_allowed_by_the_address_that_is_connected_to",
        POLICY + "test_a_redirect_of_an_archive_does_not_reach_a_metadata_service",
    ),
    "`GREENROOM_OUTBOUND_ALLOW=loopback,link-local` permits": (
        "tests/runtime/base/test_outbound_policy.py::test_the_setting_lists_what_is_allowed"
    ),
    "The addresses of a git repository": (
        POLICY + "test_a_repository_at_a_metadata_service_is_not_fetched",
        POLICY + "test_git_connects_to_the_address_that_was_checked",
    ),
    "Greenroom cannot check what git does": ADVICE,
    "A webhook to Greenroom's own API": (
        "tests/runtime/webhooks/test_webhooks_of_a_live_server.py::test_a_webhook_to_the_api_needs_no_token_of_its_own"
    ),
    "Archives and repositories are fetched": (
        "tests/runtime/builds/test_git.py::"
        "test_the_operators_ssh_keys_are_used_only_for_sources_that_the_operator_named"
    ),
    "Repositories that were registered": (
        "tests/api/routes/test_actor_versions.py::test_ssh_keys_are_used_only_for_repositories_that_the_operator_named"
    ),
    # The login of the `apify` command, and "The configuration file of a project"
    "The folder `apify` in the data directory": LOGIN,
    "The folder has the mode 0700": LOGIN,
    "`greenroom config show` shows no passwords": (
        "tests/cli/commands/test_config.py::test_every_setting_is_shown_with_its_origin",
        CONFIGURATION + "test_passwords_are_masked",
        CONFIGURATION + "test_tokens_are_masked",
    ),
    "A `greenroom.toml` comes with the source": EXPLANATION,
    "Reading it must not do more harm": EXPLANATION,
    "So it cannot set the data directory": CONFIGURATION + "test_a_file_cannot_set_what_would_harm_others",
    "It cannot give a run full permissions": (
        CONFIGURATION + "test_errors_name_the_line_and_what_to_do",
        CONFIGURATION + "test_a_link_does_not_lead_out_of_the_folder",
    ),
    "It can change other settings of a server": (
        "tests/cli/configuration/test_in_commands.py::test_up_reads_the_file_of_the_current_folder"
    ),
    "`GREENROOM_CONFIG=none` makes Greenroom read no file": CONFIGURATION
    + "test_a_variable_names_another_file_or_none",
}
REASONS = {ADVICE, INTRODUCTION, EXPLANATION, OF_BROWSERS, OF_DOCKER}
NAMED = sorted(
    {name for value in SENTENCES.values() for name in ((value,) if isinstance(value, str) else value)} - REASONS
)


def sentences() -> list[str]:
    """The sentences of the document, and the rows of its tables, without headings and examples."""
    text = re.sub(r"^```.*?^```$", "", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    found = [re.split(r"(?<=[.:]) +(?=[A-Z`])", block) for block in blocks(text)]
    return [sentence for each in found for sentence in each]


def blocks(text: str) -> Iterator[str]:
    """Yield the paragraphs, the items of lists and the rows of tables, each in one line."""
    separated = re.sub(r"^(?=- |\|)", "\n", text, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n", separated):
        line = " ".join(block.split()).removeprefix("- ")
        if line and not line.startswith("#") and not re.fullmatch(r"[|\- ]+", line):
            yield line


def test_every_sentence_has_a_test() -> None:
    matched = {sentence: [key for key in SENTENCES if sentence.startswith(key)] for sentence in sentences()}
    assert [sentence for sentence, keys in matched.items() if not keys] == []
    assert {sentence: keys for sentence, keys in matched.items() if len(keys) > 1} == {}


def test_every_entry_belongs_to_a_sentence() -> None:
    assert [key for key in SENTENCES if not any(sentence.startswith(key) for sentence in sentences())] == []


@pytest.mark.parametrize("name", NAMED)
def test_the_named_test_exists(name: str) -> None:
    file, _, function = name.partition("::")
    assert function in functions_of(file)


@cache
def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
