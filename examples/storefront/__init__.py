"""What the shops share: products, pages, the basket, and how they are started."""
