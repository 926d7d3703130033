"""Image bytes: verified, stored by their content, and rendered for raters and the dashboard."""
