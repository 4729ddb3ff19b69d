"""What far ends tell by webhooks, through the stages and into the mirror."""
