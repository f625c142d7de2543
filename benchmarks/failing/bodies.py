"""Bodies that say whose they are: a piece of another request's, a gap or a repeat is seen at once."""

BODY_BYTES = 64 * 1024


def body(request_id, size=BODY_BYTES):
    """The body that belongs to this id: numbered lines, cut at the size."""
    lines = [f"{request_id} {number}\n" for number in range(size // (len(request_id) + 2) + 1)]
    return "".join(lines).encode()[:size]
