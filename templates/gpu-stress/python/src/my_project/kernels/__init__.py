"""The kernels: `fma`, `matmul` and `memory`, on the CPU, on GPUs and through torch."""
