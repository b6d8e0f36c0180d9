"""Running jobs under Snakemake and showing how they go."""
