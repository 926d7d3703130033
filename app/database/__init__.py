"""PostgreSQL: where it runs, how it is reached, and its tables."""
