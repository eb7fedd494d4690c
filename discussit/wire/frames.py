"""WebSocket frames (RFC 6455) of whole text messages, without extensions."""

import struct

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C, where that is installed

TEXT = 0x81  # the first byte: a whole message
MASKED = 0x80  # in the second byte, beside the length
LENGTH_16, LENGTH_64 = 126, 127  # in place of the length, which follows in so many bits
MASK = 4  # bytes


def text_frame(text: str) -> bytes:
    """A message of the server's."""
    payload = text.encode()
    size = len(payload)
    if size < LENGTH_16:
        head = bytes((TEXT, size))
    elif size < 1 << 16:
        head = struct.pack(">BBH", TEXT, LENGTH_16, size)
    else:
        head = struct.pack(">BBQ", TEXT, LENGTH_64, size)
    return head + payload


def frame_end(received: bytes, start: int, limit: int) -> int | None:
    """Where the client's frame ends that begins at `start`; None if it is not complete.

    Raises ValueError for one that has no mask, as all of a client's must, or a payload of more than `limit` bytes.
    """
    if len(received) < start + 2:
        return None
    if not received[start + 1] & MASKED:
        raise ValueError("no mask")
    size, begin = received[start + 1] & ~MASKED, start + 2
    if size >= LENGTH_16:
        form = ">H" if size == LENGTH_16 else ">Q"
        if len(received) < begin + struct.calcsize(form):
            return None
        (size,) = struct.unpack_from(form, received, begin)
        begin += struct.calcsize(form)
    if size > limit:
        raise ValueError("too long")
    end = begin + MASK + size
    return end if end <= len(received) else None


def plain_text(frame: bytes) -> str | None:
    """The text of a client's frame; None if it is no whole text message in UTF-8."""
    if frame[0] != TEXT:
        return None
    length = frame[1] & ~MASKED
    begin = {LENGTH_16: 4, LENGTH_64: 10}.get(length, 2) + MASK
    try:
        text: str = apply_mask(frame[begin:], frame[begin - MASK : begin]).decode()
    except UnicodeDecodeError:
        return None
    return text
