"""NetSuite's REST protocol (SuiteTalk): token-based login, SuiteQL, records, error bodies."""
