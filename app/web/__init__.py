"""What people and programs see: pages for raters, pages for experimenters, a JSON API."""
