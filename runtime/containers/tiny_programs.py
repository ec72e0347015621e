"""Three programs of a few machine instructions. Each is put into an empty image, which needs no registry.

Two are for probes. The third one waits, and makes a container exist as long as its network is needed.

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
TERMINATION_SIGNALS = 0x4003
"""SIGHUP, SIGINT and SIGTERM as a set: the signal with the number n is bit n - 1."""


@dataclass(frozen=True, slots=True)
class Machine:
    """An instruction set: its number in ELF headers, and the instructions of the programs.

    `connect` takes the address of the socket address that follows the instructions.
    """

    number: int
    fill_memory: bytes
    connect: Callable[[int], bytes]
    wait: bytes


def fill_memory(machine: Machine, size: int) -> bytes:
    """Return a program that writes to each page of `size` bytes, then ends with SIGSEGV."""
    return _executable(machine, machine.fill_memory, memory_bytes=size)


def connect(machine: Machine, address: IPv4Address, port: int) -> bytes:
    """Return a program that connects to an address and ends with 0, or with the error number of `connect(2)`."""
    at = BASE + HEADER_BYTES + len(machine.connect(0))
    socket_address = struct.pack("<H", 2) + struct.pack(">H", port) + address.packed + bytes(8)
    return _executable(machine, machine.connect(at) + socket_address)


def wait_for_signal(machine: Machine) -> bytes:
    """Return a program that sleeps until it gets one of the TERMINATION_SIGNALS, and then ends with 0.

    The kernel discards signals to the first process of a container, unless it handles or blocks them. So the program
    blocks these signals, and waits for one of them.
    """
    return _executable(machine, machine.wait)


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
        wait=b"".join(
            (
                b"\x68" + struct.pack("<I", TERMINATION_SIGNALS),  # push TERMINATION_SIGNALS
                bytes.fromhex("4889e3"),  # mov rbx, rsp (the address of the set)
                bytes.fromhex("31ff"),  # xor edi, edi (SIG_BLOCK)
                bytes.fromhex("4889de"),  # mov rsi, rbx
                bytes.fromhex("31d2"),  # xor edx, edx
                bytes.fromhex("41ba08000000"),  # mov r10d, 8 (the size of the set)
                bytes.fromhex("b80e000000"),  # mov eax, 14 (rt_sigprocmask)
                bytes.fromhex("0f05"),  # syscall
                bytes.fromhex("4889df"),  # next: mov rdi, rbx
                bytes.fromhex("31f6"),  # xor esi, esi
                bytes.fromhex("31d2"),  # xor edx, edx
                bytes.fromhex("b880000000"),  # mov eax, 128 (rt_sigtimedwait)
                bytes.fromhex("0f05"),  # syscall
                bytes.fromhex("85c0"),  # test eax, eax
                bytes.fromhex("78ee"),  # js next (it was interrupted)
                bytes.fromhex("31ff"),  # xor edi, edi
                bytes.fromhex("b8e7000000"),  # mov eax, 231 (exit_group)
                bytes.fromhex("0f05"),  # syscall
            )
        ),
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
        wait=_words(
            0xD2800009 | TERMINATION_SIGNALS << 5,  # mov x9, TERMINATION_SIGNALS
            0xF81F0FE9,  # str x9, [sp, -16]!
            0xD2800000,  # mov x0, 0 (SIG_BLOCK)
            0x910003E1,  # mov x1, sp
            0xD2800002,  # mov x2, 0
            0xD2800103,  # mov x3, 8 (the size of the set)
            0xD28010E8,  # mov x8, 135 (rt_sigprocmask)
            0xD4000001,  # svc 0
            0x910003E0,  # next: mov x0, sp
            0xD2800001,  # mov x1, 0
            0xD2800002,  # mov x2, 0
            0xD2800103,  # mov x3, 8
            0xD2801128,  # mov x8, 137 (rt_sigtimedwait)
            0xD4000001,  # svc 0
            0xB7FFFF40,  # tbnz x0, 63, next (it was interrupted)
            0xD2800000,  # mov x0, 0
            0xD2800BC8,  # mov x8, 94 (exit_group)
            0xD4000001,  # svc 0
        ),
    ),
}
"""The instruction sets by the names that the engine and the kernel use."""
