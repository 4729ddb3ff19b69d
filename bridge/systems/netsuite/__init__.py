"""NetSuite: customers and products, by SuiteQL."""
