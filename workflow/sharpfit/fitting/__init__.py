"""The objective, its replicas, and the solvers that move them."""
