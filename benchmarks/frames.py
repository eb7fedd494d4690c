"""Just enough of RFC 6455 for clients that are faster than the server that they load."""

import struct

TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


def handshake(port: int, path: str, *headers: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: ZGlzY3Vzc2l0IGJlbmNoIQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def frame(kind: int, payload: bytes) -> bytes:
    """A client's frame, of less than 64 KiB. The mask is zero, which leaves the payload as it is."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack(">BH", 0x80 | 126, len(payload))
    return bytes([kind]) + size + bytes(4) + payload


def split(received: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The server's complete frames, as kind and payload, and the remaining bytes."""
    frames, start = [], 0
    while len(received) >= start + 2:
        begin, size = start + 2, received[start + 1]
        if size >= 126:
            begin, form = (start + 4, ">H") if size == 126 else (start + 10, ">Q")
            if len(received) < begin:
                break
            (size,) = struct.unpack_from(form, received, start + 2)
        if len(received) < begin + size:
            break
        frames.append((received[start], received[begin : begin + size]))
        start = begin + size
    return frames, received[start:]
