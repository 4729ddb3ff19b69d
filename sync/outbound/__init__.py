"""What stands between a request and the network: who may be reached, how long it may take, what is remembered."""
