"""The rendering process: takes chunks of generation plans from the queue and fills the pool."""
