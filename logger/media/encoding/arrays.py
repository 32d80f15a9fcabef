"""Arrays and tensors of any library as numpy arrays, by their interfaces, without importing any."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_array(value: object) -> bool:
    """Return whether it is an array or a tensor (numpy, torch, JAX, TensorFlow, …)."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def is_tensor(value: object) -> bool:
    """Return whether it is a torch tensor, whose images have their channels first."""
    return callable(getattr(value, "detach", None))


def as_numpy(value: "Any") -> "Any":
    """Convert to a numpy array. Types that numpy lacks (bfloat16), and half floats, become
    float32."""
    import numpy

    if is_tensor(value):
        value = value.detach().cpu()
        if value.is_floating_point() and str(value.dtype) not in ("torch.float32", "torch.float64"):
            value = value.float()
        value = value.numpy()
    elif callable(getattr(value, "numpy", None)):  # TensorFlow
        value = value.numpy()
    found = numpy.asarray(value)
    is_half = found.dtype == numpy.float16 or found.dtype.name == "bfloat16"
    return found.astype(numpy.float32) if is_half else found
