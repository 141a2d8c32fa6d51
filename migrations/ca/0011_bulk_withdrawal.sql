-- An action that an officer took back before it began: never run. Its state stays as it was.
ALTER TABLE bulk_action ADD COLUMN withdrawn_at BIGINT;
ALTER TABLE bulk_action ADD COLUMN withdrawn_by TEXT;
