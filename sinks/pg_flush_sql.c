/* pg_flush_sql.c - what the flush says to PostgreSQL
 *
 * Upserts sum what falls on one key first: two texts that differ in bytes that are no
 * UTF-8 or lie behind the cut may be one key, and ON CONFLICT takes a row only once.
 * They are ordered by the key, for the index, and so that writers meet rows in one
 * order.
 */
#include "sinks/pg_flush_sql.h"

/* as many rows as findings, evidence or windows of a range: $1 $2 $3 name the finding
 */
#define OF_FINDING                                                                     \
	" JOIN siftd.findings AS f ON f.project_id = u.project AND f.rule_id = u.rule" \
	" AND f.key = u.key"
/* INT64_MIN stands for none */
#define NO_TIME "-9223372036854775808"

/* synchronous_commit: sources delete what they are told was committed */
const char *const flush_setup_sql =
	"SET synchronous_commit = on; SET search_path = siftd, pg_temp;"
	" SET lock_timeout = '60s'; SET statement_timeout = 0; SET jit = off;"
	" SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;"
	" SET tcp_keepalives_count = 3; SET client_min_messages = warning";

const struct flush_sql flush_sql[FLUSH_STATEMENTS] = {
	[FLUSH_MOVE_POSITIONS] = { "siftd_move_positions",
				   "SELECT siftd.move_positions($1, $2, $3, $4, $5, $6, $7, $8, $9)" },
	[FLUSH_LOCK_PROJECTS] = { "siftd_lock_projects",
				  "SELECT id FROM siftd.projects WHERE id = ANY ($1::bigint[])"
				  " ORDER BY id FOR NO KEY UPDATE" },
	[FLUSH_TAKE_SEQ] = { "siftd_take_seq",
			     "UPDATE siftd.projects AS p SET next_seq = p.next_seq + u.events"
			     " FROM unnest($1::bigint[], $2::bigint[]) AS u(id, events)"
			     " WHERE p.id = u.id RETURNING p.id, p.next_seq - u.events" },
	[FLUSH_INGESTIONS] = { "siftd_ingestions",
			       "UPDATE siftd.ingestions AS i SET"
			       " stored_events = i.stored_events + u.events,"
			       " stored_bytes = i.stored_bytes + u.bytes,"
			       " events_without_timestamp = i.events_without_timestamp + u.without,"
			       " timestamp_min_us = least(i.timestamp_min_us, nullif(u.low, " NO_TIME
			       ")),"
			       " timestamp_max_us = greatest(i.timestamp_max_us,"
			       " nullif(u.high, " NO_TIME ")),"
			       " status = CASE i.status WHEN 'pending' THEN 'processing'"
			       " ELSE i.status END,"
			       " finding_status = CASE i.finding_status WHEN 'pending' THEN 'processing'"
			       " ELSE i.finding_status END, updated_at = now()"
			       " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],"
			       " $5::bigint[], $6::bigint[], $7::bigint[])"
			       " AS u(project, id, events, bytes, without, low, high)"
			       " WHERE i.project_id = u.project AND i.id = u.id"
			       " RETURNING i.project_id, i.id" },
	[FLUSH_LEARN] = { "siftd_learn",
			  /* $1: one project */
			  "SELECT siftd.learn($1, $2, $3, $4, $5, $6, $7, $8, $9)" },
	[FLUSH_BLOCK] = { "siftd_block",
			  /* single values but $10, $11, $16 and $17 */
			  "INSERT INTO siftd.event_blocks (project_id, ingestion_id, first_seq,"
			  " event_count, received_day, ts_min, ts_max, without_ts, raw_bytes,"
			  " severities, template_keys, meta, body, words, rare, hosts,"
			  " host_counts)"
			  " VALUES ($1, $2, $3, $4, date '1970-01-01' + $5::int,"
			  " nullif($6::bigint, " NO_TIME
			  "), nullif($7::bigint, " NO_TIME "), $8, $9,"
			  " $10, $11, $12, $13, $14, $15, $16, $17)" },
	[FLUSH_COUNTS] = { "siftd_counts",
			   "SELECT siftd.add_counts($1, $2, $3, $4, $5, $6, $7)" },
	/* $6 and $7: single */
	[FLUSH_COUNT_PART] = { "siftd_count_part",
			       "INSERT INTO siftd.group_count_parts (template_keys, minutes,"
			       " severities, services, counts, project_id, ingestion_id)"
			       " VALUES ($1, $2, $3, $4, $5, $6, $7)" },
	[FLUSH_COUNT_TOTALS] = { "siftd_count_totals",
				 "INSERT INTO siftd.scope_counts AS s (project_id, width, begin,"
				 " ingestion_id, severity, service, count)"
				 " SELECT project, 0, 0, ingestion, severity, service COLLATE \"C\","
				 " sum(count)::bigint FROM unnest($1::bigint[], $2::bigint[],"
				 " $3::smallint[], $4::text[], $5::bigint[])"
				 " AS u(project, ingestion, severity, service, count)"
				 " GROUP BY 1, 4, 5, 6 ORDER BY 1, 4, 5, 6"
				 " ON CONFLICT (project_id, width, begin, ingestion_id, severity, service)"
				 " DO UPDATE SET count = s.count + excluded.count" },
	[FLUSH_FOLD_COUNTS] = { "siftd_fold_counts", "SELECT siftd.fold_counts($1)" },
	/* no parameters */
	[FLUSH_FIND_PARTS] = { "siftd_find_parts",
			       "SELECT DISTINCT project_id FROM siftd.group_count_parts" },
	[FLUSH_GROUPS] = { "siftd_groups",
			   "SELECT siftd.add_stats($1, $2, $3, $4, $5, $6, $7, $8)" },
	[FLUSH_REGRESSED] = { "siftd_regressed",
			      "UPDATE siftd.groups AS g SET status = 'regressed', updated_at = now()"
			      " FROM (SELECT DISTINCT t.project_id, t.group_id"
			      " FROM unnest($1::bigint[], $2::bigint[]) AS u(project, key)"
			      " JOIN siftd.templates AS t ON t.project_id = u.project AND t.key = u.key"
			      " WHERE EXISTS (SELECT FROM siftd.groups AS r"
			      " WHERE r.project_id = u.project AND r.status = 'resolved')) AS touched"
			      " WHERE g.project_id = touched.project_id AND g.id = touched.group_id"
			      " AND g.status = 'resolved'" },
	[FLUSH_FINDINGS] = { "siftd_findings",
			     "INSERT INTO siftd.findings AS f (project_id, rule_id, key, title, severity,"
			     " confidence, status, first_us, last_us, total, window_us, window_count,"
			     " quiet_us, services, hosts, window_type, window_factor, window_baseline_us)"
			     " SELECT project, rule, key, max(title), max(severity), max(confidence),"
			     " CASE WHEN max(type) <> '' THEN 'provisional' ELSE 'open' END,"
			     " min(first), max(last), sum(count)::bigint, max(span), max(need), max(quiet),"
			     " siftd.unite_names('{}', siftd.split_names(string_agg(DISTINCT services, ''))),"
			     " siftd.unite_names('{}', siftd.split_names(string_agg(DISTINCT hosts, ''))),"
			     " max(type), max(factor), max(baseline)"
			     " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[],"
			     " $5::smallint[], $6::smallint[], $7::bigint[], $8::bigint[], $9::bigint[],"
			     " $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[],"
			     " $15::text[], $16::bigint[], $17::bigint[])"
			     " AS u(project, rule, key, title, severity, confidence, first, last, count,"
			     " span, need, quiet, services, hosts, type, factor, baseline)"
			     " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
			     " ON CONFLICT (project_id, rule_id, key) DO UPDATE SET"
			     " title = excluded.title,"
			     " severity = greatest(f.severity, excluded.severity),"
			     " confidence = excluded.confidence,"
			     " status = CASE WHEN excluded.status = 'open' AND f.status = 'provisional'"
			     " THEN 'open' WHEN excluded.status = 'open' AND f.status = 'resolved'"
			     " THEN 'regressed' ELSE f.status END,"
			     " first_us = least(f.first_us, excluded.first_us),"
			     " last_us = greatest(f.last_us, excluded.last_us),"
			     " total = f.total + excluded.total,"
			     " window_us = excluded.window_us, window_count = excluded.window_count,"
			     " window_type = excluded.window_type,"
			     " window_factor = excluded.window_factor,"
			     " window_baseline_us = excluded.window_baseline_us,"
			     " quiet_us = excluded.quiet_us,"
			     " services = siftd.unite_names(f.services, excluded.services),"
			     " hosts = siftd.unite_names(f.hosts, excluded.hosts),"
			     " updated_at = now()" },
	/* $7: single */
	[FLUSH_RUNS] = { "siftd_runs",
			 "SELECT siftd.add_runs($1, $2, $3, $4, $5, $6, $7)" },
	[FLUSH_FINDING_TEMPLATES] = { "siftd_finding_templates",
				      "INSERT INTO siftd.finding_templates AS t (project_id, finding_id,"
				      " ingestion_id, template_key, count, first_us, last_us)"
				      " SELECT u.project, f.id, u.ingestion, u.template, sum(u.count)::bigint,"
				      " min(u.first), max(u.last) FROM unnest($1::bigint[], $2::text[],"
				      " $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],"
				      " $8::bigint[]) AS u(project, rule, key, ingestion, template, count, first,"
				      " last)" OF_FINDING
				      " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
				      " ON CONFLICT (project_id, finding_id, ingestion_id, template_key)"
				      " DO UPDATE SET count = t.count + excluded.count,"
				      " first_us = least(t.first_us, excluded.first_us),"
				      " last_us = greatest(t.last_us, excluded.last_us)" },
	/* $10: single */
	[FLUSH_EVIDENCE] = { "siftd_evidence",
			     "SELECT siftd.keep_evidence($1, $2, $3, $4, $5, $6, $7, $8, $9,"
			     " $10)" },
	[FLUSH_WINDOWS] = { "siftd_windows",
			    "INSERT INTO siftd.window_buckets AS w (project_id, rule_id, key,"
			    " bucket_us, width_us, count, others, first_us, last_us, then_first_us,"
			    " then_last_us) SELECT project, rule, key, bucket, max(width),"
			    " sum(count)::bigint, sum(others)::bigint, min(first), max(last),"
			    " min(then_first), max(then_last) FROM unnest($1::bigint[], $2::text[],"
			    " $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],"
			    " $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])"
			    " AS u(project, rule, key, bucket, width, count, others, first, last,"
			    " then_first, then_last) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
			    " ON CONFLICT (project_id, rule_id, key, bucket_us) DO UPDATE SET"
			    " count = w.count + excluded.count, width_us = excluded.width_us,"
			    " others = w.others + excluded.others,"
			    " first_us = least(w.first_us, excluded.first_us),"
			    " last_us = greatest(w.last_us, excluded.last_us),"
			    " then_first_us = least(w.then_first_us, excluded.then_first_us),"
			    " then_last_us = greatest(w.then_last_us, excluded.then_last_us)" },
	[FLUSH_VALUES] = { "siftd_values",
			   "SELECT siftd.add_values($1, $2, $3, $4, $6, $7)"
			   " WHERE cardinality($5::bigint[]) > 0" },
	/* $7 and $8: single */
	[FLUSH_JUDGE] = { "siftd_judge",
			  "SELECT siftd.judge_windows($1, $2, $3, $4, $5, $6, $7, $8)" },
	/* $2 and $3: single */
	[FLUSH_CLOCK] = { "siftd_clock", "SELECT siftd.advance_clock($1, $2, $3)" },
	/* $7 and $8: single */
	[FLUSH_TELL] = { "siftd_tell",
			 "SELECT siftd.tell($1, $2, $3, $4, $5, $6, $7, $8)" },
	[FLUSH_VARIABLES] = { "siftd_variables",
			      /* $9: single */
			      "SELECT siftd.add_variables($1, $2, $3, $4, $5, $6, $7, $8, $9)" },
	[FLUSH_LEDGER] = { "siftd_ledger",
			   "INSERT INTO siftd.ledger AS l (host_id, source, stream, ingestion_id,"
			   " received_bytes,"
			   " stored_bytes, stored_records, deduplicated_bytes,"
			   " deduplicated_records, quarantined_bytes, quarantined_records,"
			   " dropped_bytes, dropped_records)"
			   " SELECT host, source, stream, ingestion, received, stored, records,"
			   " twice_bytes,"
			   " twice_records, q_bytes, q_records, d_bytes::jsonb, d_records::jsonb"
			   " FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[],"
			   " $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],"
			   " $9::bigint[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])"
			   " AS u(host, source, stream, ingestion, received, stored, records,"
			   " twice_bytes, twice_records, q_bytes, q_records, d_bytes, d_records)"
			   " ORDER BY 1, 2, 3, 4"
			   " ON CONFLICT (host_id, source, stream, ingestion_id) DO UPDATE SET"
			   " received_bytes = l.received_bytes + excluded.received_bytes,"
			   " stored_bytes = l.stored_bytes + excluded.stored_bytes,"
			   " stored_records = l.stored_records + excluded.stored_records,"
			   " deduplicated_bytes = l.deduplicated_bytes"
			   " + excluded.deduplicated_bytes,"
			   " deduplicated_records = l.deduplicated_records"
			   " + excluded.deduplicated_records,"
			   " quarantined_bytes = l.quarantined_bytes + excluded.quarantined_bytes,"
			   " quarantined_records = l.quarantined_records"
			   " + excluded.quarantined_records,"
			   " dropped_bytes = siftd.add_reasons(l.dropped_bytes,"
			   " excluded.dropped_bytes),"
			   " dropped_records = siftd.add_reasons(l.dropped_records,"
			   " excluded.dropped_records),"
			   " updated_at = now()" },
	[FLUSH_QUARANTINE] = { "siftd_quarantine",
			       /* single values */
			       "INSERT INTO siftd.quarantine (project_id, ingestion_id, what, sqlstate,"
			       " reason, events, bytes, meta, body)"
			       " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)" },
	[FLUSH_TRIM_QUARANTINE] = { "siftd_trim_quarantine",
				    "DELETE FROM siftd.quarantine WHERE id <="
				    " (SELECT max(id) FROM siftd.quarantine) - $1::int" },
	[FLUSH_READ_POSITIONS] = { "siftd_read_positions",
				   "SELECT coalesce(p.position_offset = u.o AND p.position_inner = u.i, false)"
				   " FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[],"
				   " $5::bigint[]) AS u(host, source, stream, o, i)"
				   " LEFT JOIN siftd.source_positions AS p ON p.host_id = u.host"
				   " AND p.source = u.source AND p.stream = u.stream" },
	[FLUSH_MAKE_DAY] = { "siftd_make_day",
			     /* $1: days since the epoch */
			     "SELECT siftd.make_day_partition(date '1970-01-01' + $1::int)" },
};
