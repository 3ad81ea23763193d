"""Puts the types in front of the shaders' texts."""

from .precisions import Precision
from .shared_files import read_shared


def shader_text(name: str, precision: Precision | None = None) -> str:
    """Return a shader for a precision, or one that has no precision."""
    text = read_shared("shaders", f"{name}.wgsl")
    if precision is None:
        return text
    enable = "enable f16;\n" if precision is Precision.F16 else ""
    total = "f64" if precision is Precision.F64 else "f32"
    return f"{enable}alias real = {precision};\nalias total = {total};\n{text}"
