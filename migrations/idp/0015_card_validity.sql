-- Until when the certificate of a card is good; a card of which that is not known, or over, is no means that its person still has.
ALTER TABLE card ADD COLUMN not_after BIGINT;
ALTER TABLE card_errand ADD COLUMN not_after BIGINT;
