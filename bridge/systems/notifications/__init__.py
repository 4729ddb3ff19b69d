"""Messages to people, by a Twilio-like provider."""
