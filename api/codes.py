"""The stable codes of error answers. A code is API: it may be added, never changed."""

from __future__ import annotations

CODES: dict[str, tuple[int, str]] = {
    "bad_json": (400, "The body is not JSON that can be read: correct it."),
    "invalid_request": (400, "Something asked for cannot be done as asked; the message says how to ask."),
    "unknown_parameter": (400, "A query parameter is not known here; the message names those that are."),
    "unknown_field": (400, "The body has a name that is not known here; the message names those that are."),
    "bad_parameter": (400, "A query parameter or field has a value that cannot be read."),
    "bad_since": (400, "`since` or `updated_since` is not a moment that can be used."),
    "bad_cursor": (400, "`after` is not a cursor that this list gave out: begin again without it."),
    "bad_filter": (400, "A filter's value cannot be compared with the field: a number is asked for."),
    "bad_budget": (400, "The limits of a system make no sense together; the message says why."),
    "bad_rules": (400, "The rules of a mapping do not fit the entity; the message names every error."),
    "bad_mend": (
        400,
        "`data` of a mend names values that nothing reads; the message says which names there are.",
    ),
    "bad_mode": (400, "There is no such mode of a resync; the message names those there are."),
    "unknown_mapping": (
        400,
        "`fixed_in` is no mapping of the group's entity; the message says which it has.",
    ),
    "confirmation_missing": (400, "What empties an entity is confirmed with its full path as `confirm`."),
    "bad_limit": (400, "A limit that cannot be kept as it is written; the message says what it may be."),
    "bad_schedule": (400, "A schedule can't be kept as it is written; the message says why."),
    "never_fires": (400, "A schedule whose moment does not come within five years."),
    "not_askable": (
        400,
        "Nobody asks for that kind of job by its parameters; the message names those kinds.",
    ),
    "not_pushed": (400, "The entity is not pushed to that target; the message says where it is pushed to."),
    "unknown_kind": (400, "There is no such kind of job; the message names those there are."),
    "bad_window": (
        400,
        "The range or the size of a backfill's windows makes no sense; the message says why.",
    ),
    "bad_hours": (400, "`hours` are two full hours of the day in UTC, such as 22-6."),
    "no_cursor": (400, "The entity has no cursor, so a backfill of it goes by key."),
    "no_windows": (400, "The source cannot be asked for a part of the rows in that way."),
    "too_many_windows": (400, "The range is cut into too many windows: make them larger."),
    "bad_head": (400, "`head` is not NUMBER:HASH, as a look at the audit answered it."),
    "head_too_old": (400, "What that head of the audit knew was deleted for its age: give a later one."),
    "filter_missing": (400, "Say which ones are meant: a filter that takes all is not taken."),
    "filter_too_wide": (
        400,
        "Texts and parameters are looked for among few jobs; the message says what to add.",
    ),
    "unknown_act": (400, "There is no such act on many jobs; the message names those there are."),
    "too_many": (400, "The filter finds more jobs than one act may be done to: narrow it."),
    "nothing_found": (400, "No job is like that, so nothing was asked for."),
    "invalid_key": (
        400,
        "The key in the URL does not fit the entity: parts percent-encoded, joined by commas.",
    ),
    "bad_webhook": (400, "The JSON of a webhook is not as the entity declares it; the message says where."),
    "bad_callback": (
        400,
        "What a far end reports of a command is not as it is declared; the message says where.",
    ),
    "key_missing": (400, "An event of a webhook does not name the record it is about."),
    "bad_payload": (400, "The payload of a command does not fit; `detail` names every error by field."),
    "bad_idempotency_key": (400, "An Idempotency-Key is 1 to 255 visible ASCII characters."),
    "token_missing": (401, "Send `Authorization: Bearer <token>`; `bridge token` makes one."),
    "token_invalid": (401, "The token is malformed, signed with another secret, or for another audience."),
    "token_expired": (401, "Get a new token."),
    "signature_missing": (
        401,
        "A webhook lacks its signature, its time or its id; the message names the header.",
    ),
    "signature_wrong": (401, "The signature is not made with our secret over what was sent."),
    "signature_expired": (
        401,
        "It was signed too long ago, or a clock is wrong: sign again what is sent again.",
    ),
    "scope_missing": (403, "The token is good but lacks the scope that the message names."),
    "csrf_failed": (403, "A session of the admin must send its CSRF token; services send a JWT."),
    "permission_missing": (403, "The admin user lacks the permission to operate jobs."),
    "not_found": (404, "There is nothing at this address."),
    "rehearsal_expired": (404, "What the rehearsal found is kept no longer: rehearse the mapping again."),
    "unknown_entity": (404, "No entity has that name; the message names those there are."),
    "unknown_command": (404, "No command has that name; the message names those that are near."),
    "no_callback": (404, "The command takes no callbacks."),
    "no_webhook": (404, "The entity takes no webhooks."),
    "no_such_record": (404, "The far end was asked lately and has no such record."),
    "set_aside": (404, "The record exists at the far end but failed; `detail.failed_record` leads to it."),
    "discarded": (404, "The row came, and somebody discarded it before: `detail.failed_record`."),
    "waiting_for_parent": (404, "The record came, but its parent is not here yet: `detail.pending_child`."),
    "not_yet_known": (404, "With `as_of`: the mirror had no such record at that moment."),
    "method_not_allowed": (405, "This address does not know the method; `Allow` names those it knows."),
    "not_acceptable": (406, "Only JSON is spoken here: accept application/json."),
    "conflict": (409, "The thing is not in a state in which this act makes sense."),
    "far_end_away": (
        409,
        "Nothing was emptied, because the far end could not be asked; the message has its words.",
    ),
    "callback_of_another": (
        409,
        "What is signed is of another command than the one whose address it came to.",
    ),
    "backfill_overlaps": (409, "Another backfill under way may read the same rows; the message names it."),
    "deleted": (410, "The record was deleted at the far end, at `detail.deleted_at`."),
    "not_kept": (
        410,
        "With `as_of`: versions of that time are kept no longer; `detail.kept_from` is the oldest.",
    ),
    "cursor_expired": (
        410,
        "The feed keeps no changes that old: take a cursor with from=now, read the lists, go on from it.",
    ),
    "length_required": (411, "Send Content-Length; chunked bodies are not read."),
    "body_too_large": (413, "The body is larger than `detail.most` bytes."),
    "unsupported_media_type": (415, "Send JSON, with Content-Type: application/json."),
    "idempotency_key_reused": (422, "This Idempotency-Key came with another body before: take a new key."),
    "internal_error": (500, "A fault of Bridge. Nothing is lost; report the request_id."),
    "database_unavailable": (503, "The database cannot be reached: try again after `Retry-After` seconds."),
    "not_migrated": (503, "The entity has no table yet: run `bridge migrate`."),
    "configuration": (503, "A setting is missing or wrong; the message says which."),
    "secret_missing": (503, "The secret of the webhook is not set here; the message names its variable."),
    "public_url_missing": (503, "BRIDGE_PUBLIC_URL is not set, over which a far end signs its callbacks."),
    "callback_too_early": (
        503,
        "The far end's id in a callback is not known yet as the command's: try again after `Retry-After` seconds.",
    ),
    "refresh_failed": (503, "The far end could not be asked; `detail` has the job and its error."),
}


def as_markdown() -> str:
    """The codes as a table for the API's description."""
    rows = [f"| `{code}` | {status} | {meaning} |" for code, (status, meaning) in CODES.items()]
    return "\n".join(["| code | status | meaning, and what to do |", "|---|---|---|", *rows])
