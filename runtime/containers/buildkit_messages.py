"""The BuildKit messages that Greenroom reads and sends, with the fields that it uses.

BuildKit's strings are bytes here, because BuildKit does not guarantee UTF-8. Source: moby/buildkit,
`api/services/control/control.proto` and `session/secrets/secrets.proto`.
"""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message_factory import GetMessages

PACKAGE = "greenroom.buildkit"
FIELDS = {
    "Moment": {"seconds": (1, "int64")},
    "Vertex": {
        "digest": (1, "bytes"),
        "name": (3, "bytes"),
        "cached": (4, "bool"),
        "started": (5, "Moment"),
        "error": (7, "bytes"),
    },
    "VertexLog": {"vertex": (1, "bytes"), "stream": (3, "int64"), "msg": (4, "bytes")},
    "StatusResponse": {"vertexes": (1, "repeated Vertex"), "logs": (3, "repeated VertexLog")},
    "GetSecretRequest": {"ID": (1, "bytes")},
    "GetSecretResponse": {"data": (1, "bytes")},
}


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="greenroom_buildkit.proto", package=PACKAGE, syntax="proto3")
    for message, fields in FIELDS.items():
        descriptor = file.message_type.add(name=message)
        for name, (number, kind) in fields.items():
            descriptor.field.append(_field(name, number, kind))
    return file


def _field(name: str, number: int, kind: str) -> FieldDescriptorProto:
    kind, is_repeated = kind.removeprefix("repeated "), kind.startswith("repeated ")
    label = FieldDescriptorProto.LABEL_REPEATED if is_repeated else FieldDescriptorProto.LABEL_OPTIONAL
    if kind in FIELDS:
        return FieldDescriptorProto(
            name=name,
            number=number,
            label=label,
            type=FieldDescriptorProto.TYPE_MESSAGE,
            type_name=f".{PACKAGE}.{kind}",
        )
    type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
    return FieldDescriptorProto(name=name, number=number, label=label, type=type)


_messages = GetMessages([_file()])
StatusResponse = _messages[f"{PACKAGE}.StatusResponse"]
GetSecretRequest = _messages[f"{PACKAGE}.GetSecretRequest"]
GetSecretResponse = _messages[f"{PACKAGE}.GetSecretResponse"]
