"""The systems that ship: a folder and one line here."""

SYSTEMS = {
    "netsuite": "bridge.systems.netsuite.entities",
    "apismith": "bridge.systems.apismith.entities",
    "schedulehub": "bridge.systems.schedulehub.entities",
    "notifications": "bridge.systems.notifications.entities",
}
"""Name → the module that has its `system`. Adding to these from outside: BRIDGE_SYSTEMS."""
