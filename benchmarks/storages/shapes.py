"""The content of the storages: a small product page as an item, and its URL as a request."""

from __future__ import annotations

from typing import Any

import msgspec


def item(number: int) -> dict[str, Any]:
    return {
        "url": f"https://shop.example.com/products/{number}",
        "title": f"Product number {number}, in blue",
        "price": number % 1000 + 0.99,
        "available": number % 3 == 0,
        "tags": ["blue", "cotton", "summer"],
        "seller": {"name": "Shop & Sons", "rating": 4.5},
    }


def items(first: int, count: int) -> bytes:
    """Return the body of a push with these items."""
    return msgspec.json.encode([item(number) for number in range(first, first + count)])


def unique_key(number: int) -> str:
    return f"https://shop.example.com/products/{number}"


def request(number: int) -> dict[str, Any]:
    address = unique_key(number)
    return {
        "url": address,
        "uniqueKey": address,
        "method": "GET",
        "retryCount": 0,
        "headers": {},
        "userData": {"label": "DETAIL", "depth": 2},
    }


def requests(first: int, count: int) -> bytes:
    """Return the body of a batch with these requests."""
    return msgspec.json.encode([request(number) for number in range(first, first + count)])
