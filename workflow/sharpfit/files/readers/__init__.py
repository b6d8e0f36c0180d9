"""One module for each format, each with `read(path, dataset)` → `FileArray`."""
