/* pg_schema.c - applying migrations */
#include "sinks/pg_schema.h"

#include "base/buf.h"
#include "base/log.h"
#include "sinks/pg_migrations.h"
#include "sinks/pg_sync.h"

/* the lock's number has no meaning but that every siftd uses it */
#define LOCK_SQL "SELECT pg_advisory_lock(7309741)"
#define SERVER_VERSION_MIN 150000

/* Tables that migrations have filled have no statistics until autovacuum comes by, and
 * plans made without them cost several times as much. Empty ones are left: what is
 * known of those would be wrong as soon as they fill. Partitions are the flush's. */
static const char analyze_sql[] =
	"DO $$ DECLARE t regclass; BEGIN"
	" FOR t IN SELECT c.oid FROM pg_class AS c"
	"  WHERE c.relnamespace = 'siftd'::regnamespace AND c.relkind = 'r'"
	"   AND NOT c.relispartition AND c.reltuples < 0 AND pg_relation_size(c.oid) > 0"
	" LOOP EXECUTE 'ANALYZE ' || t; END LOOP; END $$";

unsigned pg_schema_known(void)
{
	return (unsigned)pg_migrations_count;
}

static int check_server(struct pg_sync *sync, struct error *error)
{
	const struct pg_rows *rows = NULL;

	if (pg_sync_exec(sync,
			 "SELECT current_setting('server_version_num'),"
			 " pg_is_in_recovery(), current_setting('server_encoding')",
			 &rows, error) != 0)
		return -1;
	if (pg_rows_int(rows, 0, 0) < SERVER_VERSION_MIN)
		return error_set(error,
				 "postgresql: the server is version %lld; siftd needs "
				 "PostgreSQL 15 or later",
				 (long long)(pg_rows_int(rows, 0, 0) / 10000));
	if (pg_rows_bool(rows, 0, 1))
		return error_set(error,
				 "postgresql: the server is a standby that takes "
				 "no writes; connect siftd to the primary");
	if (!slice_equal(pg_rows_slice(rows, 0, 2), SLICE("UTF8")))
		return error_set(
			error,
			"postgresql: the database has encoding %s; siftd needs "
			"UTF8 (CREATE DATABASE ... ENCODING 'UTF8')",
			pg_rows_slice(rows, 0, 2).ptr);
	return 0;
}

static int read_version(struct pg_sync *sync, unsigned *version, struct error *error)
{
	const struct pg_rows *rows = NULL;

	*version = 0;
	if (pg_sync_exec(sync,
			 "SELECT to_regclass('siftd.schema_versions') IS NOT NULL",
			 &rows, error) != 0)
		return -1;
	if (!pg_rows_bool(rows, 0, 0))
		return 0;
	if (pg_sync_exec(sync,
			 "SELECT coalesce(max(version), 0)"
			 " FROM siftd.schema_versions",
			 &rows, error) != 0)
		return -1;
	*version = (unsigned)pg_rows_int(rows, 0, 0);
	return 0;
}

int pg_schema_read(const char *conninfo, unsigned *version, struct error *error)
{
	struct pg_sync *sync = NULL;
	int status = 0;

	if (pg_sync_open(conninfo, &sync, error) != 0)
		return -1;
	status = read_version(sync, version, error);
	pg_sync_close(&sync);
	return status;
}

static int apply_one(struct pg_sync *sync, unsigned version, struct error *error)
{
	const struct pg_migration *migration = &pg_migrations[version - 1];
	struct buf sql = { 0 };
	struct error second = { 0 };
	int status = 0;

	buf_append_str(&sql, "BEGIN;\n");
	buf_append_str(&sql, migration->sql);
	buf_printf(&sql,
		   "\n;INSERT INTO siftd.schema_versions (version, name)"
		   " VALUES (%u, '%s'); COMMIT",
		   version, migration->name);
	buf_append_char(&sql, '\0');
	status = pg_sync_exec(sync, sql.data, NULL, error);
	buf_deinit(&sql);
	if (status != 0) {
		/* the first error is the one to return */
		if (pg_sync_exec(sync, "ROLLBACK", NULL, &second) != 0)
			log_warn("schema", "%s", second.text);
		return error_prefix(error, "migration %s", migration->name);
	}
	log_info("schema", "migration applied version=%u name=%s", version,
		 migration->name);
	return 0;
}

/* CREATE SCHEMA IF NOT EXISTS asks for the right to create even when it exists: whoever
 * may not make schemas is given one by the database's owner */
static int create_schema(struct pg_sync *sync, struct error *error)
{
	const struct pg_rows *rows = NULL;

	if (pg_sync_exec(sync, "SELECT to_regnamespace('siftd') IS NULL", &rows,
			 error) != 0)
		return -1;
	if (pg_rows_bool(rows, 0, 0) &&
	    pg_sync_exec(sync, "CREATE SCHEMA siftd", NULL, error) != 0)
		return -1;
	return pg_sync_exec(sync,
			    "CREATE TABLE IF NOT EXISTS siftd.schema_versions ("
			    "version integer PRIMARY KEY, name text NOT NULL,"
			    " applied_at timestamptz NOT NULL DEFAULT now())",
			    NULL, error);
}

static int apply_missing(struct pg_sync *sync, unsigned *applied, struct error *error)
{
	unsigned version = 0;
	unsigned first = 0;

	if (check_server(sync, error) != 0 ||
	    pg_sync_exec(sync, LOCK_SQL, NULL, error) != 0 ||
	    read_version(sync, &version, error) != 0)
		return -1;
	if (version > pg_schema_known())
		return error_set(
			error,
			"postgresql: the database has schema version %u and "
			"this siftd knows %u: it was written by a newer siftd; "
			"install that version",
			version, pg_schema_known());
	if (version == 0 && create_schema(sync, error) != 0)
		return -1;
	first = version;
	while (version < pg_schema_known()) {
		if (apply_one(sync, ++version, error) != 0)
			return -1;
		if (applied != NULL)
			++*applied;
	}
	if (first > 0 && first < version &&
	    pg_sync_exec(sync, analyze_sql, NULL, error) != 0)
		return -1;
	/* by itself: a table of any migration needs its wall */
	return pg_sync_exec(sync, "SELECT siftd.raise_walls()", NULL, error);
}

int pg_schema_apply(const char *conninfo, unsigned *applied, struct error *error)
{
	struct pg_sync *sync = NULL;
	int status = 0;

	if (applied != NULL)
		*applied = 0;
	if (pg_sync_open(conninfo, &sync, error) != 0)
		return -1;
	/* closing the connection gives the lock back */
	status = apply_missing(sync, applied, error);
	pg_sync_close(&sync);
	return status;
}
