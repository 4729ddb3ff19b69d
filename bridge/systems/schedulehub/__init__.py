"""ScheduleHub: the planning system that gets items, customers and orders."""
