"""The operators' pages: one file a page, on Django admin and Unfold."""
