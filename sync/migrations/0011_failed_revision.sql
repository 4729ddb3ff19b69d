ALTER TABLE delivery ADD failed_revision int;  -- the refused one, which its batch's counts have as failed
