/* cmd_key.c - `siftd key`: API keys without the HTTP interface */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api_key.h"
#include "base/compiler.h"
#include "base/timestamp.h"
#include "daemon/arguments.h"
#include "daemon/cmd.h"
#include "daemon/cmd_store.h"
#include "daemon/project_find.h"
#include "sinks/pg_sync.h"

#define LIST_COLUMNS 5

static const char usage[] =
	"usage: siftd key create --project P [--name NAME] [--role ingest|read]\n"
	"                        [--expires TIME] [--config FILE]\n"
	"       siftd key list --project P [--config FILE]\n"
	"       siftd key revoke KEY-ID --project P [--config FILE]\n\n"
	"API keys of a project, which is given by its name or its id. create prints the\n"
	"key, which nobody can see again. An ingest key may push logs, a read key may\n"
	"read. TIME is such as 2030-01-31T00:00:00Z. A running daemon knows at once.\n";

struct wishes {
	const char *verb;
	const char *config;
	const char *project;
	const char *name;
	const char *role;
	const char *expires;
	const char *key_id;
};

static bool take_word(struct wishes *wishes, int word)
{
	const char **place = NULL;

	switch (word) {
	case 'c':
		place = &wishes->config;
		break;
	case 'p':
		place = &wishes->project;
		break;
	case 'n':
		place = &wishes->name;
		break;
	case 'r':
		place = &wishes->role;
		break;
	case 'e':
		place = &wishes->expires;
		break;
	default:
		return false;
	}
	*place = optarg;
	return true;
}

/* each verb has its own words */
static bool words_fit(const struct wishes *wishes)
{
	bool create = strcmp(wishes->verb, "create") == 0;
	bool revoke = strcmp(wishes->verb, "revoke") == 0;

	if (!create && !revoke && strcmp(wishes->verb, "list") != 0)
		return false;
	if (!create &&
	    (wishes->name != NULL || wishes->role != NULL || wishes->expires != NULL))
		return false;
	return wishes->project != NULL && (wishes->key_id != NULL) == revoke &&
	       (wishes->role == NULL || strcmp(wishes->role, "ingest") == 0 ||
		strcmp(wishes->role, "read") == 0);
}

/* 0, 1: help was asked for, -1: wrong usage */
static int read_words(int argc, char **argv, struct wishes *wishes)
{
	static const struct option words[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "project", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "role", required_argument, NULL, 'r' },
		{ "expires", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int word = 0;

	while ((word = arguments_next(argc, argv, "c:h", words, NULL)) != -1) {
		if (word == 'h')
			return 1;
		if (!take_word(wishes, word))
			return -1;
	}
	wishes->verb = optind < argc ? argv[optind++] : "";
	wishes->key_id = optind < argc ? argv[optind++] : NULL;
	return optind == argc && words_fit(wishes) ? 0 : -1;
}

static int create(struct pg_sync *sync, const struct wishes *wishes,
		  const char *project, struct error *error)
{
	char hash[TOKEN_HASH_HEX_SIZE];
	const char *const params[] = {
		project,
		wishes->name == NULL ? "command line" : wishes->name,
		NULL, /* the id */
		hash,
		wishes->role == NULL ? "ingest" : wishes->role,
		wishes->expires,
		NULL,
	};
	const char *filled[ARRAY_LEN(params)];
	const struct pg_rows *rows = NULL;
	struct api_key key;
	int64_t expires_us = 0;

	if (wishes->expires != NULL &&
	    !timestamp_parse(slice_str(wishes->expires), &expires_us))
		return error_set(error, "--expires must be such as "
					"2030-01-31T00:00:00Z");
	api_key_make(&key);
	token_hash_hex(&key.hash, hash);
	memcpy(filled, params, sizeof(params));
	filled[2] = key.id;
	if (pg_sync_query(sync,
			  "INSERT INTO siftd.api_keys (project_id, name, public_id,"
			  " secret_hash, role, expires_at) VALUES"
			  " ($1, $2, $3, decode($4, 'hex'), $5, $6::timestamptz)",
			  filled, &rows, error) < 0)
		return -1;
	(void)printf("%s\n", key.text);
	return 0;
}

static int list(struct pg_sync *sync, const struct wishes *wishes, const char *project,
		struct error *error)
{
	const char *const params[] = { project, NULL };
	const struct pg_rows *rows = NULL;

	(void)wishes; /* the project is all */
	if (pg_sync_query(
		    sync,
		    "SELECT public_id, role, CASE WHEN revoked_at IS NOT NULL THEN"
		    " 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'valid' END,"
		    " coalesce(to_char(last_used_at AT TIME ZONE 'UTC',"
		    "  'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'never'),"
		    " regexp_replace(name, '[[:cntrl:]]', '?', 'g')"
		    " FROM siftd.api_keys WHERE project_id = $1 ORDER BY id",
		    params, &rows, error) < 0)
		return -1;
	(void)printf("KEY-ID\tROLE\tSTATE\tLAST USED\tNAME\n");
	cmd_print_rows(rows, LIST_COLUMNS);
	return 0;
}

static int revoke(struct pg_sync *sync, const struct wishes *wishes,
		  const char *project, struct error *error)
{
	const char *const params[] = { project, wishes->key_id, NULL };
	const struct pg_rows *rows = NULL;

	if (pg_sync_query(sync,
			  "UPDATE siftd.api_keys"
			  " SET revoked_at = coalesce(revoked_at, now())"
			  " WHERE project_id = $1 AND public_id = $2",
			  params, &rows, error) < 0)
		return -1;
	if (pg_rows_affected(rows) == 0)
		return error_set(error, "the project has no API key \"%s\"",
				 wishes->key_id);
	return 0;
}

static const struct {
	const char *verb;
	int (*run)(struct pg_sync *sync, const struct wishes *wishes,
		   const char *project, struct error *error);
} verbs[] = { { "create", create }, { "list", list }, { "revoke", revoke } };

static int run(void *context, const struct config *config, const struct store *store,
	       struct error *error)
{
	const struct wishes *wishes = context;
	struct project_found project = { 0 };
	struct pg_sync *sync = NULL;
	char id[24];
	int status = pg_sync_open(store_conninfo(store), &sync, error);

	(void)config; /* the database is all */
	if (status == 0)
		status = project_find(sync, wishes->project, &project, error);
	/* 24 bytes hold any int64 */
	(void)snprintf(id, sizeof(id), "%" PRId64, project.id);
	for (size_t i = 0; status == 0 && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].verb, wishes->verb) == 0)
			status = verbs[i].run(sync, wishes, id, error);
	}
	pg_sync_close(&sync);
	return status;
}

int cmd_key(int argc, char **argv)
{
	struct wishes wishes = { 0 };
	int status = read_words(argc, argv, &wishes);
	const struct cmd_store command = { "key", wishes.config, run, &wishes };

	return status == 0 ? cmd_store_run(&command) : cmd_usage(usage, status);
}
