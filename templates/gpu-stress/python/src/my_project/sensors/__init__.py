"""Sensors: NVML, amdgpu's sysfs, and hwmon; what is not there says why."""
