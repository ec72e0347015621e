"""Two programs of a few machine instructions. A probe puts one into an empty image, so it needs no image of a registry.

Each is an ELF executable with one segment at BASE, which holds the header, the instructions and their data. Sources:
elf(5), syscalls(2), and the instruction sets of x86-64 and AArch64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

BASE = 0x400000
HEADER_BYTES = 64 + 56
READ_WRITE_EXECUTE = 7


@dataclass(frozen=True, slots=True)
class Machine:
    """An instruction set: its number in ELF headers, and the instructions of both programs.

    `connect` takes the address of the socket address that follows the instructions.
    """

    number: int
    fill_memory: bytes
    connect: Callable[[int], bytes]


def fill_memory(machine: Machine, size: int) -> bytes:
    """Return a program that writes to each page of `size` bytes, then ends with SIGSEGV."""
    return _executable(machine, machine.fill_memory, memory_bytes=size)


def connect(machine: Machine, address: IPv4Address, port: int) -> bytes:
    """Return a program that connects to an address and ends with 0, or with the error number of `connect(2)`."""
    at = BASE + HEADER_BYTES + len(machine.connect(0))
    socket_address = struct.pack("<H", 2) + struct.pack(">H", port) + address.packed + bytes(8)
    return _executable(machine, machine.connect(at) + socket_address)


def _executable(machine: Machine, content: bytes, memory_bytes: int = 0) -> bytes:
    size = HEADER_BYTES + len(content)
    identification = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(identification, 2, machine.number, 1, BASE + HEADER_BYTES, 64, 0, 0, 64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, READ_WRITE_EXECUTE, 0, BASE, BASE, size, max(size, memory_bytes), 0x1000)
    return header + segment + content


def _words(*instructions: int) -> bytes:
    return struct.pack(f"<{len(instructions)}I", *instructions)


def _connect_on_x86_64(at: int) -> bytes:
    return b"".join(
        (
            bytes.fromhex("b829000000"),  # mov eax, 41 (socket)
            bytes.fromhex("bf02000000"),  # mov edi, 2 (AF_INET)
            bytes.fromhex("be01000000"),  # mov esi, 1 (SOCK_STREAM)
            bytes.fromhex("31d2"),  # xor edx, edx
            bytes.fromhex("0f05"),  # syscall
            bytes.fromhex("89c7"),  # mov edi, eax
            bytes.fromhex("b82a000000"),  # mov eax, 42 (connect)
            b"\xbe" + struct.pack("<I", at),  # mov esi, at
            bytes.fromhex("ba10000000"),  # mov edx, 16
            bytes.fromhex("0f05"),  # syscall
            bytes.fromhex("f7d8"),  # neg eax
            bytes.fromhex("89c7"),  # mov edi, eax
            bytes.fromhex("b83c000000"),  # mov eax, 60 (exit)
            bytes.fromhex("0f05"),  # syscall
        )
    )


def _connect_on_aarch64(at: int) -> bytes:
    return _words(
        0xD2800040,  # mov x0, 2 (AF_INET)
        0xD2800021,  # mov x1, 1 (SOCK_STREAM)
        0xD2800002,  # mov x2, 0
        0xD28018C8,  # mov x8, 198 (socket)
        0xD4000001,  # svc 0
        0xD2A00801,  # mov x1, BASE
        0xF2800001 | (at & 0xFFFF) << 5,  # movk x1, the lower half of `at`
        0xD2800202,  # mov x2, 16
        0xD2801968,  # mov x8, 203 (connect)
        0xD4000001,  # svc 0
        0xCB0003E0,  # neg x0, x0
        0xD2800BA8,  # mov x8, 93 (exit)
        0xD4000001,  # svc 0
    )


MACHINES: Mapping[str, Machine] = {
    "x86_64": Machine(
        number=62,
        fill_memory=b"".join(
            (
                b"\xbf" + struct.pack("<I", BASE),  # mov edi, BASE
                bytes.fromhex("81c700100000"),  # next: add edi, 4096
                bytes.fromhex("c60701"),  # mov byte [rdi], 1
                bytes.fromhex("ebf5"),  # jmp next
            )
        ),
        connect=_connect_on_x86_64,
    ),
    "aarch64": Machine(
        number=183,
        fill_memory=_words(
            0xD2A00800,  # mov x0, BASE
            0x91400400,  # next: add x0, x0, 4096
            0x39000000,  # strb w0, [x0]
            0x17FFFFFE,  # b next
        ),
        connect=_connect_on_aarch64,
    ),
}
"""The instruction sets by the names that the engine and the kernel use."""
