/* doctor_store.c - the database: schema, positions held against files, ledger sums */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/doctor.h"
#include "daemon/host_id.h"
#include "daemon/store.h"
#include "sinks/pg_schema.h"
#include "sinks/pg_sync.h"
#include "sources/spool_check.h"

#define PATH_BYTES 4096

struct visit {
	struct doctor_report *report;
	const struct config *config;
	struct pg_sync *sync;
	char host_id[HOST_ID_MAX];
};

/* NULL: it was reported why not */
static const struct pg_rows *ask(struct visit *visit, const char *check,
				 const char *sql)
{
	const char *const params[] = { visit->host_id, NULL };
	const struct pg_rows *rows = NULL;
	struct error error;

	if (pg_sync_query(visit->sync, sql, params, &rows, &error) == 0)
		return rows;
	doctor_add(visit->report, check, DOCTOR_FAILED, "%s", error.text);
	return NULL;
}

static void check_ledger(struct visit *visit)
{
	const struct pg_rows *rows =
		ask(visit, "ledger",
		    "SELECT source, stream, received_bytes, s FROM (SELECT *,"
		    " stored_bytes + deduplicated_bytes + quarantined_bytes"
		    " + siftd.sum_of(dropped_bytes) AS s FROM siftd.ledger) AS l"
		    " WHERE received_bytes <> s AND (host_id = $1 OR host_id = '')");
	const struct pg_rows *sum = NULL;

	if (rows == NULL)
		return;
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		doctor_add(visit->report, "ledger", DOCTOR_FAILED,
			   "source %s stream %s: %" PRId64 " bytes received, %" PRId64
			   " accounted for",
			   pg_rows_slice(rows, i, 0).ptr, pg_rows_slice(rows, i, 1).ptr,
			   pg_rows_int(rows, i, 2), pg_rows_int(rows, i, 3));
	if (pg_rows_count(rows) > 0)
		return;
	sum = ask(visit, "ledger",
		  "SELECT count(*), coalesce(sum(received_bytes), 0),"
		  " coalesce(sum(stored_records), 0) FROM siftd.ledger"
		  " WHERE host_id = $1 OR host_id = ''");
	if (sum != NULL)
		doctor_add(visit->report, "ledger", DOCTOR_OK,
			   "closes: %" PRId64 " rows, %" PRId64
			   " bytes received, %" PRId64 " records stored",
			   pg_rows_int(sum, 0, 0), pg_rows_int(sum, 0, 1),
			   pg_rows_int(sum, 0, 2));
}

/* no fault: what was lost is history, and accounted for */
static void tell_losses(struct visit *visit)
{
	const struct pg_rows *rows =
		ask(visit, "losses",
		    "SELECT coalesce(max(i.source), max(i.name), l.source),"
		    " siftd.sum_reasons(l.dropped_records)::text,"
		    " siftd.sum_reasons(l.dropped_bytes)::text FROM siftd.ledger AS l"
		    " LEFT JOIN siftd.ingestions AS i ON i.id = l.ingestion_id"
		    " WHERE (l.host_id = $1 OR l.host_id = '')"
		    " AND (l.dropped_records <> '{}' OR l.dropped_bytes <> '{}')"
		    " GROUP BY l.source, l.ingestion_id ORDER BY 1");

	for (size_t i = 0; rows != NULL && i < pg_rows_count(rows); i++)
		doctor_add(visit->report, "losses", DOCTOR_OK,
			   "source %s dropped records %s, bytes %s",
			   pg_rows_slice(rows, i, 0).ptr, pg_rows_slice(rows, i, 1).ptr,
			   pg_rows_slice(rows, i, 2).ptr);
}

static void check_quarantine(struct visit *visit)
{
	const struct pg_rows *rows =
		ask(visit, "quarantine",
		    "SELECT count(*), coalesce(sum(events), 0), max(reason)"
		    " FROM siftd.quarantine WHERE $1::text IS NOT NULL");

	if (rows == NULL)
		return;
	if (pg_rows_int(rows, 0, 0) == 0)
		doctor_add(visit->report, "quarantine", DOCTOR_OK, "empty");
	else
		doctor_add(visit->report, "quarantine", DOCTOR_WARNING,
			   "%" PRId64 " rows with %" PRId64
			   " events that the database refused, as: %.200s",
			   pg_rows_int(rows, 0, 0), pg_rows_int(rows, 0, 1),
			   pg_rows_slice(rows, 0, 2).ptr);
}

/* a file that is shorter than its position, under the inode that the position names */
static bool is_shorter(const char *stream, const char *path, int64_t offset)
{
	const char *colon = strchr(stream, ':');
	struct stat st = { 0 };

	return colon != NULL && stat(path, &st) == 0 &&
	       strtoull(colon + 1, NULL, 10) == st.st_ino && st.st_size < offset;
}

static void check_files(struct visit *visit)
{
	const struct pg_rows *rows =
		ask(visit, "positions",
		    "SELECT source, stream, position_offset, detail ->> 'path'"
		    " FROM siftd.source_positions WHERE host_id = $1"
		    " AND detail ? 'path' AND NOT detail ? 'coded_bytes'");
	size_t gone = 0;

	if (rows == NULL)
		return;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		const char *path = pg_rows_slice(rows, i, 3).ptr;
		int64_t offset = pg_rows_int(rows, i, 2);
		struct stat st = { 0 };

		if (stat(path, &st) < 0)
			gone++;
		else if (is_shorter(pg_rows_slice(rows, i, 1).ptr, path, offset))
			doctor_add(visit->report, "positions", DOCTOR_WARNING,
				   "%.500s: is shorter than its position %" PRId64
				   " and will be read from its beginning",
				   path, offset);
	}
	doctor_add(visit->report, "positions", DOCTOR_OK,
		   "%zu of files, %zu of which are gone", pg_rows_count(rows), gone);
}

/* the log of a partition must hold what lies behind its position */
static void check_partition(struct visit *visit, const char *stream, int64_t offset)
{
	char path[PATH_BYTES];
	struct spool_check found;
	struct error error;
	struct stat st = { 0 };

	if (snprintf(path, sizeof(path), "%s/spool/%s", visit->config->state_dir,
		     stream) >= (int)sizeof(path))
		return;
	if (stat(path, &st) < 0) {
		doctor_add(visit->report, "positions", DOCTOR_FAILED,
			   "spool %s: has a position and no folder", stream);
		return;
	}
	if (spool_check_partition(path, false, &found, &error) < 0)
		return; /* the check of the spool says so */
	if (found.segments > 0 && (uint64_t)offset < found.first)
		doctor_add(visit->report, "positions", DOCTOR_FAILED,
			   "spool %s: bytes %" PRId64 " to %" PRIu64
			   " were not stored and are gone",
			   stream, offset, found.first);
	else if (found.segments > 0 && (uint64_t)offset > found.end)
		doctor_add(visit->report, "positions", DOCTOR_FAILED,
			   "spool %s: ends at %" PRIu64 ", before its position %" PRId64
			   ": the folder is older than the database",
			   stream, found.end, offset);
	else
		doctor_add(visit->report, "positions", DOCTOR_OK,
			   "spool %s: %" PRIu64 " bytes are to be stored", stream,
			   found.segments == 0 ? 0 : found.end - (uint64_t)offset);
}

static void check_spool_positions(struct visit *visit)
{
	const struct pg_rows *rows =
		ask(visit, "positions",
		    "SELECT stream, position_offset FROM siftd.source_positions"
		    " WHERE host_id = $1 AND source = 'spool' ORDER BY 1");

	for (size_t i = 0; rows != NULL && i < pg_rows_count(rows); i++)
		check_partition(visit, pg_rows_slice(rows, i, 0).ptr,
				pg_rows_int(rows, i, 1));
}

/* false: tables are not what the queries expect */
static bool check_schema(struct visit *visit, const struct store *store)
{
	unsigned known = pg_schema_known();
	unsigned version = 0;
	struct error error;

	if (pg_schema_read(store_conninfo(store), &version, &error) < 0)
		doctor_add(visit->report, "schema", DOCTOR_FAILED, "%s", error.text);
	else if (version > known)
		doctor_add(visit->report, "schema", DOCTOR_FAILED,
			   "version %u is newer than this program, which knows %u",
			   version, known);
	else if (version < known)
		doctor_add(visit->report, "schema", DOCTOR_WARNING,
			   "version %u: the next start, or siftd migrate, brings it "
			   "to %u",
			   version, known);
	else
		doctor_add(visit->report, "schema", DOCTOR_OK, "version %u", version);
	return version == known;
}

/* made at the first start; a doctor makes nothing */
static bool find_host_id(struct visit *visit)
{
	char path[PATH_BYTES];
	struct stat st = { 0 };
	struct error error;

	if (snprintf(path, sizeof(path), "%s/host_id", visit->config->state_dir) >=
		    (int)sizeof(path) ||
	    (stat(path, &st) < 0 && errno == ENOENT)) {
		doctor_add(visit->report, "state_dir", DOCTOR_WARNING,
			   "%s: siftd never ran with it", visit->config->state_dir);
		return false;
	}
	if (host_id_load(visit->config->state_dir, visit->host_id, &error) < 0) {
		doctor_add(visit->report, "state_dir", DOCTOR_FAILED, "%s", error.text);
		return false;
	}
	doctor_add(visit->report, "state_dir", DOCTOR_OK, "%s: host %s",
		   visit->config->state_dir, visit->host_id);
	return true;
}

void doctor_check_store(struct doctor_report *report, const struct config *config)
{
	struct visit visit = { .report = report, .config = config };
	struct store *store = NULL;
	struct error error;

	if (!find_host_id(&visit))
		return;
	if (store_attach(config, &store, &error) < 0 ||
	    pg_sync_open(store_conninfo(store), &visit.sync, &error) < 0) {
		doctor_add(report, "database", DOCTOR_FAILED, "%s", error.text);
	} else {
		doctor_add(report, "database", DOCTOR_OK, "answers");
		if (check_schema(&visit, store)) {
			check_files(&visit);
			check_spool_positions(&visit);
			check_ledger(&visit);
			tell_losses(&visit);
			check_quarantine(&visit);
		}
	}
	pg_sync_close(&visit.sync);
	store_stop(&store);
}
