"""A study's jobs, their parameters and where they lie."""
