"""Each format, read back by a library for that format."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Callable
from itertools import product
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from api.request.parsing.dataset_items import FormatOptions, ItemFormat
from api.response.exports import FORMATS
from api.response.exports.tables import MAX_COLUMNS, Table
from api.response.exports.xlsx import Xlsx
from api.response.exports.xml_text import element
from runtime.base.errors import Invalid
from runtime.base.json_text import MAX_DEPTH, dumps
from runtime.base.records import Dataset
from runtime.storages.datasets import ItemPage
from runtime.storages.item_view import PLAIN, ItemView
from tests.examples import some
from tests.fakes.clock import START
from tests.fakes.ticks import ticks_during

DATASET = Dataset(id="d1", user_id="u1", created_at=START, modified_at=START, accessed_at=START)
ITEMS = [
    {"name": "Paul Newman", "address": [{"street": "21st", "city": "Chicago"}, {"street": None}], "age": 33},
    {"name": 'He said "x",\nand <b>&', "big": 2**60, "price": 1.5, "ok": True, "none": None, "empty": {}},
]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def page_of(lines: list[bytes], in_memory: int | None = None) -> ItemPage:
    """A page of these lines. The first ones are in memory, and the others are read one by one."""
    first = lines if in_memory is None else lines[:in_memory]

    async def chunks() -> AsyncIterator[list[bytes]]:
        if first:
            yield first
        for line in lines[len(first) :]:
            yield [line]

    return ItemPage(len(lines), len(lines), first, chunks)


async def exported(
    form: ItemFormat, items: list[Any], view: ItemView = PLAIN, in_memory: int | None = None, **options: Any
) -> bytes:
    export = FORMATS[form](DATASET, page_of([dumps(item) for item in items], in_memory), view, FormatOptions(**options))
    await export.open()
    return b"".join([chunk async for chunk in export.stream()])


@pytest.mark.parametrize("in_memory", [None, 0, 1])
@pytest.mark.parametrize("view", [PLAIN, ItemView(skip_empty=True)])
async def test_json(view: ItemView, in_memory: int | None) -> None:
    assert json.loads(await exported(ItemFormat.JSON, ITEMS, view, in_memory)) == ITEMS
    lines = (await exported(ItemFormat.JSONL, ITEMS, view, in_memory)).splitlines()
    assert [json.loads(line) for line in lines] == ITEMS
    assert json.loads(await exported(ItemFormat.JSON, [], view, in_memory)) == []
    assert await exported(ItemFormat.JSONL, [], view, in_memory) == b""


async def test_json_is_valid_if_items_are_skipped() -> None:
    for in_memory in (0, 1, None):
        items = [{}, {"a": 1}, {}, {"a": 2}, {}]
        assert json.loads(await exported(ItemFormat.JSON, items, ItemView(skip_empty=True), in_memory)) == [
            {"a": 1},
            {"a": 2},
        ]


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {ItemFormat.XLSX}))
async def test_only_csv_has_a_byte_order_mark_by_default(form: ItemFormat) -> None:
    for bom, expected in ((None, form is ItemFormat.CSV), (True, True), (False, False)):
        written = await exported(form, ITEMS, bom=bom)
        assert written.startswith("\ufeff".encode()) is expected
        assert not written.removeprefix("\ufeff".encode()).startswith("\ufeff".encode())


async def test_csv_has_a_column_for_each_leaf_of_any_item() -> None:
    text = (await exported(ItemFormat.CSV, ITEMS, in_memory=1)).decode("utf-8-sig")
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == [
        {
            "name": "Paul Newman",
            "address/0/street": "21st",
            "address/0/city": "Chicago",
            "address/1/street": "",
            "age": "33",
            "big": "",
            "price": "",
            "ok": "",
            "none": "",
            "empty": "",
        },
        {
            "name": 'He said "x",\nand <b>&',
            "address/0/street": "",
            "address/0/city": "",
            "address/1/street": "",
            "age": "",
            "big": str(2**60),
            "price": "1.5",
            "ok": "true",
            "none": "",
            "empty": "",
        },
    ]


async def test_the_options_of_csv() -> None:
    items = [{"a": 1, "b": "x;y"}, {"b": 2}]
    assert await exported(ItemFormat.CSV, items, bom=False) == b"a,b\n1,x;y\n,2\n"
    assert await exported(ItemFormat.CSV, items, bom=False, delimiter=";", skip_header_row=True) == b'1;"x;y"\n;2\n'
    assert await exported(ItemFormat.CSV, items, ItemView(fields=("b", "a")), bom=False) == b"b,a\nx;y,1\n2,\n"
    assert await exported(ItemFormat.CSV, [], bom=False) == b""


@pytest.mark.parametrize("in_memory", [None, 1])
@pytest.mark.parametrize(
    ("view", "columns"),
    [
        (ItemView(fields=("a", "b", "c")), ["a", "b", "c/d", "c/e"]),
        (ItemView(fields=("c.e", "b", "c.d", "a")), ["c/e", "b", "c/d", "a"]),
        (ItemView(fields=("c", "none", "b"), flatten=("c",)), ["c.d", "c.e", "b"]),
        (ItemView(fields=("c.e", "a", "c.d"), flatten=("c",)), ["c.e", "a", "c.d"]),
        (ItemView(fields=("c", "a", "b"), output_fields=("x.y", "b", "a")), ["x.y/d", "x.y/e", "b", "a"]),
        (ItemView(fields=("t.1", "a")), ["t/1", "a"]),
        (ItemView(unwind=("u",), fields=("n", "a")), ["n", "a"]),
    ],
)
async def test_columns_are_in_the_order_of_the_fields(
    view: ItemView, columns: list[str], in_memory: int | None
) -> None:
    items = [{"a": 1, "c": {"d": 2}}, {"a": 1, "b": 2, "c": {"e": 3, "d": 4}, "t": [8, 9], "u": [{"n": 1}]}]
    assert (await csv_of(items, view, in_memory))[0] == columns
    table = etree.HTML(await exported(ItemFormat.HTML, items, view, in_memory))
    assert [cell.text for cell in table.iter("th")] == columns
    sheet = openpyxl.load_workbook(io.BytesIO(await exported(ItemFormat.XLSX, items, view, in_memory))).active
    assert [cell.value for cell in next(sheet.iter_rows())] == columns


async def test_each_value_is_in_the_column_of_its_field() -> None:
    items = [{"a": 1, "c": {"d": 2}}, {"b": 3, "a": 4}]
    assert await csv_of(items, ItemView(fields=("b", "c.d", "a"))) == [
        ["b", "c/d", "a"],
        ["", "2", "1"],
        ["3", "", "4"],
    ]


async def csv_of(items: list[Any], view: ItemView, in_memory: int | None = None) -> list[list[str]]:
    text = (await exported(ItemFormat.CSV, items, view, in_memory)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("form", [ItemFormat.CSV, ItemFormat.HTML, ItemFormat.XLSX])
async def test_tables_that_are_too_wide_are_rejected_before_anything_is_sent(form: ItemFormat) -> None:
    columns = [f"column{number}" for number in range(MAX_COLUMNS)]
    wide = [dict.fromkeys(columns[first : first + 50], 1) for first in range(0, MAX_COLUMNS, 50)]
    assert await exported(form, wide)
    with pytest.raises(Invalid, match="columns"):
        await exported(form, [*wide, {"one more": 1}], in_memory=3)
    assert await exported(form, [{"x" * 200: 1}])
    with pytest.raises(Invalid, match="longer than 200"):
        await exported(form, [{"x" * 201: 1}])


async def test_html_is_a_table_with_escaped_texts() -> None:
    written = (await exported(ItemFormat.HTML, [{"a": "<script>&", "b": None}, {"b": False}])).decode()
    rows = ["<tr><th>a</th><th>b</th></tr>", "<tr><td>&lt;script&gt;&amp;</td><td></td></tr>"]
    assert written == "<table>" + "\n".join([*rows, "<tr><td></td><td>false</td></tr>", ""]) + "</table>"


async def test_an_excel_workbook() -> None:
    written = await exported(ItemFormat.XLSX, ITEMS, in_memory=1)
    sheet = openpyxl.load_workbook(io.BytesIO(written), read_only=True).active
    assert sheet is not None
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == [
        *("name", "address/0/street", "address/0/city", "address/1/street", "age"),
        *("big", "price", "ok", "none", "empty"),
    ]
    assert rows[1][:5] == ["Paul Newman", "21st", "Chicago", None, 33]
    assert (rows[2][0], rows[2][5:8]) == ('He said "x",\nand <b>&', [str(2**60), 1.5, True])


async def test_text_in_excel_stays_text() -> None:
    values = ["=1+1", "https://example.com", "12", "x" * 40_000, "half \ud800", "bell \x07", "+1", "@a"]
    written = await exported(ItemFormat.XLSX, [{"a": value} for value in values])
    sheet = openpyxl.load_workbook(io.BytesIO(written)).active
    assert sheet is not None
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in cells] == ["s"] * len(values)
    assert [cell.value for cell in cells][:4] == ["=1+1", "https://example.com", "12", "x" * 32_767]
    assert zipfile.ZipFile(io.BytesIO(written)).testzip() is None


async def test_more_rows_than_excel_allows_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Xlsx.max_rows == 1_048_575
    monkeypatch.setattr(Xlsx, "max_rows", 5)
    assert await exported(ItemFormat.XLSX, [{"a": [1] * 5}], ItemView(unwind=("a",)))
    with pytest.raises(Invalid, match="more than 5 rows"):
        await exported(ItemFormat.XLSX, [{"a": [1] * 6}], ItemView(unwind=("a",)))


async def test_a_workbook_that_would_be_too_large_is_rejected_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.response.exports.xlsx.MAX_LENGTH", 1000)
    with pytest.raises(Invalid, match="too large"):
        await exported(ItemFormat.XLSX, [{"text": "x" * 100, "a": [1] * 20}], ItemView(unwind=("a",)))


def chain(levels: int, wrap: Callable[[Any], Any], inside: Any) -> Any:
    for _ in range(levels):
        inside = wrap(inside)
    return inside


ODD_ITEMS: dict[str, Any] = {
    "nested objects": chain(MAX_DEPTH - 1, lambda inside: {"a": inside}, 1),
    "nested arrays": {"a": chain(MAX_DEPTH - 2, lambda inside: [inside], 1)},
    "nested empty arrays": {"a": chain(MAX_DEPTH - 2, lambda inside: [inside], [])},
    "half a surrogate pair in a key": {"\ud800": 1, "b": {"\udc00": [1]}},
    "half a surrogate pair in a value": {"a": "\ud800", "@": {"b": "\udc00"}},
    "huge numbers": {"a": 10**400, "b": -(10**400), "c": 1e308, "d": 2**64},
    "control characters": {"a\x00\x1f": "\x00\x0b\x1f\ufffe\uffff"},
    "empty names": {"": {"": [{"": 1}]}},
    "attributes with the same tag": {"@": {"a!": 1, "a?": 2}},
    "formula": {"=1+1": "=1+1", "@x": "{=1}"},
}


@pytest.mark.parametrize(
    ("form", "name", "view"), some(product(ItemFormat, ODD_ITEMS, [PLAIN, ItemView(skip_empty=True)]))
)
async def test_any_item_is_exported_to_the_end_or_rejected_before_the_start(
    form: ItemFormat, name: str, view: ItemView
) -> None:
    item = ODD_ITEMS[name]
    try:
        written = await exported(form, [item, {"last": 1}], view)
    except Invalid as problem:  # raised by `open`, because `exported` does not catch errors of the stream
        assert isinstance(FORMATS[form], type) and issubclass(FORMATS[form], Table) and "table" in problem.message
        return
    match form:
        case ItemFormat.XML | ItemFormat.RSS:
            root = etree.fromstring(written.replace(b":", b"_"), etree.XMLParser(huge_tree=True))
            assert len([each for each in root.iter() if each.tag == "last"]) == 1
        case ItemFormat.XLSX:
            assert len(list(openpyxl.load_workbook(io.BytesIO(written)).active.rows)) == 3
        case ItemFormat.JSON:
            assert json.loads(written)[1] == {"last": 1}
        case _:
            assert written.decode().rstrip().endswith(("1}", "1", "</table>"))


@pytest.mark.parametrize("form", [ItemFormat.CSV, ItemFormat.HTML, ItemFormat.XLSX])
async def test_a_table_does_not_multiply_a_long_name(form: ItemFormat) -> None:
    with pytest.raises(Invalid, match="a column whose name is longer"):
        await exported(form, [{"x" * 1_000_000: list(range(100_000))}])


@pytest.mark.parametrize(
    "form", some([ItemFormat.HTML, ItemFormat.RSS, ItemFormat.JSON, ItemFormat.CSV, ItemFormat.XML])
)
async def test_an_item_that_becomes_gigabytes_is_written_only_as_far_as_it_is_read(form: ItemFormat) -> None:
    item = {"a": list(range(100_000)), "b": list(range(1000))}
    view = ItemView(unwind=("a", "b"), fields=("a", "b"))
    if form in (ItemFormat.XML, ItemFormat.RSS):
        item, view = {"x" * 100_000: list(range(500_000))}, PLAIN
    tracemalloc.start()
    export = FORMATS[form](DATASET, page_of([dumps(item)]), view, FormatOptions())
    if issubclass(FORMATS[form], Table):
        export.columns = ["a", "b"]  # type: ignore[attr-defined]  # `open` would count all rows
    length = 0
    async for piece in export.stream():
        length += len(piece)
        if length > 100_000:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000


async def test_xml() -> None:
    item = {
        "name": "Paul <Newman>",
        "address": [
            {"@": {"type": 'ho"me'}, "street": "21st", "city": None},
            {"@": {"type": "office"}, "#": "unknown"},
        ],
        "tags": [],
        "not a name": 1,
        "1st": True,
    }
    written = await exported(ItemFormat.XML, [item, {}], in_memory=1)
    assert written.decode().splitlines() == [
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<items>",
        "<item><name>Paul &lt;Newman&gt;</name><address type='ho\"me'><street>21st</street><city/></address>"
        '<address type="office">unknown</address><not_a_name>1</not_a_name><_1st>true</_1st></item>',
        "<item/>",
        "</items>",
    ]
    written = await exported(ItemFormat.XML, [{"a": 1}], xml_root="list", xml_row="row")
    assert written.decode().endswith("<list>\n<row><a>1</a></row>\n</list>")


async def test_rss_has_a_title_and_a_description() -> None:
    channel = ElementTree.fromstring(await exported(ItemFormat.RSS, [{"title": "T"}, {"title": "&"}])).find("channel")
    assert channel is not None
    assert [channel.findtext(name) for name in ("title", "description")] == [
        "Dataset d1",
        'Items in dataset with id "d1".',
    ]
    assert [each.findtext("title") for each in channel.iter("item")] == ["T", "&"]
    written = await exported(ItemFormat.RSS, [], feed_title="Mine <1>", feed_description="About")
    channel = ElementTree.fromstring(written).find("channel")
    assert channel is not None
    assert [channel.findtext(name) for name in ("title", "description")] == ["Mine <1>", "About"]


@given(name=st.text(max_size=8), value=JSON_VALUES)
def test_any_json_becomes_well_formed_xml(name: str, value: Any) -> None:
    """Colons are replaced for the parser: an export preserves the prefix of a namespace, but does not declare it."""
    parser = etree.XMLParser(huge_tree=True)
    etree.fromstring(f"<root>{''.join(element(name, value))}</root>".replace(":", "_").encode(), parser)


@pytest.mark.parametrize("form", [ItemFormat.CSV, ItemFormat.HTML, ItemFormat.XML, ItemFormat.RSS])
async def test_half_a_surrogate_pair_becomes_valid_text(form: ItemFormat) -> None:
    assert (await exported(form, [{"a": "\ud800", "\udfff": 1}])).decode()


@pytest.mark.parametrize("form", some(sorted(FORMATS)))
async def test_memory_does_not_grow_with_the_page(form: ItemFormat) -> None:
    """Ten times as many items need about the same memory."""
    peaks = [await peak_of_export(form, count) for count in (500, 5_000)]
    assert peaks[1] < 2.5 * peaks[0]


async def peak_of_export(form: ItemFormat, count: int) -> int:
    async def chunks() -> AsyncIterator[list[bytes]]:
        for first in range(0, count, 250):
            yield [dumps({"n": n, "text": "x" * 100}) for n in range(first, first + 250)]

    export = FORMATS[form](DATASET, ItemPage(count, count, [], chunks), ItemView(skip_empty=True), FormatOptions())
    tracemalloc.start()
    await export.open()
    async for _ in export.stream():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("form", some(ItemFormat))
async def test_a_giant_item_is_exported_without_blocking_the_event_loop(form: ItemFormat) -> None:
    """A helper process parses it, because that creates millions of objects."""
    items = [{"n": 1, "list": [[]] * 300_000}, {"n": 2}]
    for view in (ItemView(fields=("n",)), ItemView(skip_empty=True)):
        ticks, written = await ticks_during(exported(form, items, view))
        assert ticks > 20
        if isinstance(written, Exception):
            assert isinstance(written, Invalid) and issubclass(FORMATS[form], Table)
            assert form is ItemFormat.XLSX or view.skip_empty
        elif form is ItemFormat.JSON:
            assert json.loads(written) == (items if view.skip_empty else [{"n": 1}, {"n": 2}])
        else:
            assert b"1" in written and b"2" in written
