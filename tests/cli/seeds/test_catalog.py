from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cli.seeds.catalog import seeds
from cli.seeds.program.main import created_items
from runtime.inputs import schema_rules


def files(name: str) -> dict[str, str]:
    return {file["name"]: file["content"] for file in seeds()[name].folder().source_files or ()}


def prefilled(schema: dict[str, Any]) -> dict[str, Any]:
    """The input with which the Console would start the Actor."""
    return {
        name: field.get("prefill", field.get("default"))
        for name, field in schema["properties"].items()
        if "prefill" in field or "default" in field
    }


@pytest.mark.parametrize("name", seeds())
def test_each_stand_in_has_a_valid_input_schema_and_states_what_it_is(name: str) -> None:
    definition = json.loads(files(name)[".actor/actor.json"])
    schema_rules.check(definition["input"])
    assert "stand-in" in definition["description"]
    assert f"stands in for [{name}]" in files(name)["README.md"]


@pytest.mark.parametrize("name", [name for name, seed in seeds().items() if "item" in seed.document])
def test_the_prefilled_input_gives_the_same_items_each_time_without_placeholders(name: str) -> None:
    document = seeds()[name].document
    run_input = prefilled(json.loads(files(name)[".actor/actor.json"])["input"])
    items = list(created_items(document, run_input))
    assert items and items == list(created_items(document, run_input))
    assert not re.search(r"\{(source|host|number|slug)\}", json.dumps(items))


@pytest.mark.parametrize(
    ("name", "run_input", "count"),
    [
        ("apify/web-scraper", {"startUrls": [{"url": "https://a.test/"}, {"url": "https://b.test/"}]}, 2),
        ("apify/web-scraper", {"startUrls": [{"url": "https://a.test/"}] * 3, "maxPagesPerCrawl": 2}, 2),
        ("apify/google-search-scraper", {"queries": "one\n\ntwo ", "maxPagesPerQuery": 2}, 4),
        ("apify/instagram-scraper", {"directUrls": ["https://www.instagram.com/ann/"], "resultsLimit": 10**9}, 1000),
        ("apify/instagram-scraper", {}, 0),
        ("apify/send-mail", {"to": "ann@a.test", "subject": "Hello"}, 0),
    ],
)
def test_the_input_determines_how_many_items_there_are(name: str, run_input: dict[str, Any], count: int) -> None:
    assert len(list(created_items(seeds()[name].document, run_input))) == count


def test_items_contain_their_source() -> None:
    (item,) = created_items(seeds()["apify/hello-world"].document, {"message": "Hi, {number}"})
    assert item == {"message": "Hi, {number}"}
    (page,) = created_items(seeds()["apify/web-scraper"].document, {"startUrls": [{"url": "https://a.test/b/c"}]})
    assert (page["url"], page["title"], page["#debug"]["requestId"]) == ("https://a.test/b/c", "Title of a.test", "b-c")
