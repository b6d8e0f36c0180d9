"""What a scan may bring beside its k-space. No import, so that planning can ask too."""

PART_AXES = {
    "noise": ("coil", "sample"),
    "csm": ("slice", "coil", "y", "x"),
    "mask": ("ky", "kx"),
    "reference": ("slice", "y", "x"),
    "basis": ("coefficient", "y", "x"),
}
"""Key of a scan in params.yaml that names a file of its own → the axes of what the file holds."""

ROLES = tuple(PART_AXES)
