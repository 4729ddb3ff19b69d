"""The nine stages, in order. A stage is a function from Batch to Batch."""
