R"sql(
-- Whose a case is, where it came from, and what a mailbox answers by itself. `follows` is the number of the case that a customer
-- went on with after it had been closed for long.
ALTER TABLE customer_case ADD COLUMN assigned {uuid} REFERENCES console_user (id) ON DELETE SET NULL;
ALTER TABLE customer_case ADD COLUMN closed BIGINT;
ALTER TABLE customer_case ADD COLUMN follows BIGINT;
UPDATE customer_case SET closed = updated WHERE state = 'closed';
CREATE INDEX customer_case_assigned ON customer_case (assigned, number) WHERE assigned IS NOT NULL;
CREATE INDEX customer_case_follows ON customer_case (follows) WHERE follows IS NOT NULL;
CREATE INDEX customer_case_customer ON customer_case (lower(customer), number);

-- Departments that a case was transferred from: answers to their mail find it still.
CREATE TABLE case_origin (
    customer_case {uuid} NOT NULL REFERENCES customer_case (id) ON DELETE CASCADE,
    department {uuid} NOT NULL REFERENCES department (id),
    PRIMARY KEY (customer_case, department)
) {clustered};

-- How a mailbox acknowledges a new case; one without a row does not. Only mail that came after `since` is acknowledged.
CREATE TABLE acknowledgement (
    mailbox {uuid} PRIMARY KEY REFERENCES mailbox (id),
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    subject {text} NOT NULL,
    words {text} NOT NULL,
    since BIGINT NOT NULL,
    version BIGINT NOT NULL
);

-- Which addresses were acknowledged lately, with the number of the case: so that none gets too many. Rows go after a while.
CREATE TABLE acknowledged (
    address {text} NOT NULL,
    sent BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (address, sent, number)
) {clustered};
CREATE INDEX acknowledged_sent ON acknowledged (sent);
)sql"
