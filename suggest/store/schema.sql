-- The log: append-only tables without keys, constraints or indexes (docs/decisions/0001). Made once, with the file.
-- `sequence` is given by the one writer and grows over all tables. Times are UTC. Never any DDL on a live file.

create table meta (key varchar, value varchar);

create table slates (
    sequence bigint, id varchar, surface varchar, "at" timestamp, user_key varchar, session varchar, context json,
    context_key varchar, encoder varchar, embedding blob, shown json, k integer, decision varchar, reason varchar,
    p_any double, p_none_raw double, p_accept double, threshold double, mode varchar, bundle varchar,
    policy_revision integer, supplied boolean, learnable boolean,
    pool_ids varchar[], pool_logits float[], pool_p float[], features blob, feature_version integer
);

create table events (
    sequence bigint, eid varchar, impression varchar, surface varchar, type varchar, item varchar, position integer,
    visible_ms bigint, text varchar, edited boolean, edit_ratio double, name varchar, value double, "at" timestamp,
    received_at timestamp, trusted boolean, weight double
);

create table labels (
    sequence bigint, id varchar, surface varchar, context json, context_key varchar, user_key varchar, encoder varchar,
    embedding blob, item varchar, source varchar, "at" timestamp, received_at timestamp, impression varchar,
    guideline integer
);

create table reviews (
    sequence bigint, id varchar, surface varchar, impression varchar, reason varchar, "at" timestamp, priority double,
    deadline timestamp, pick varchar, control_share double
);

create table verdicts (
    sequence bigint, eid varchar, review varchar, surface varchar, impression varchar, worker varchar, item varchar,
    text varchar, none boolean, note varchar, add_candidate boolean, undoes varchar, handling_ms bigint, "at" timestamp,
    guideline integer, paragraph varchar
);

create table bundles (
    sequence bigint, id varchar, surface varchar, "at" timestamp, state varchar, blob varchar, parent varchar,
    encoder varchar, manifest json, gate json
);

create table policy_changes (
    sequence bigint, id varchar, surface varchar, "at" timestamp, "by" varchar, policy json, revision integer
);

create table candidates (
    sequence bigint, surface varchar, id varchar, revision integer, text varchar, fields json, tags varchar[],
    retired boolean, "at" timestamp, encoder varchar, embedding blob
);

create table cas (sequence bigint, key varchar, revision bigint, value json, "at" timestamp);
