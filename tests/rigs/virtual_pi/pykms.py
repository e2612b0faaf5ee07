"""Draws on a Pi's display, which no kit has. picamera2 needs to import it, no more."""


class _AnyFormat:
    def __getattr__(self, name: str) -> str:
        return name


PixelFormat = _AnyFormat()
