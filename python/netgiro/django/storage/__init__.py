"""The rows of carts: everything that is written about them, by the database's clock and under its locks."""
