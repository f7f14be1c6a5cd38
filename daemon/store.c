/* store.c - choosing, starting and preparing the database */
#include "daemon/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/embedded_pg.h"
#include "daemon/pg_socket.h"
#include "daemon/secret_file.h"
#include "sinks/pg_bootstrap.h"
#include "sinks/pg_conninfo.h"
#include "sinks/pg_schema.h"

struct store {
	char *conninfo;
	struct embedded_pg *embedded;
	struct pg_sync *sync;
};

/* out NULL: no database is configured */
static int configured_url(const struct config *config, char **out, struct error *error)
{
	int status = 0;

	*out = NULL;
	if (config->database.url_file != NULL)
		status = secret_file_read("database.url_file",
					  config->database.url_file, out, error);
	else if (config->database.url != NULL)
		*out = mem_strdup(config->database.url);
	if (status == 0 && *out != NULL)
		status = pg_conninfo_check(*out, error);
	return status;
}

int store_check_url(const struct config *config, struct error *error)
{
	char *url = NULL;
	int status = configured_url(config, &url, error);

	mem_free(url);
	return status;
}

static int find_database(struct store *store, const struct config *config,
			 struct error *error)
{
	const struct embedded_pg_config embedded = {
		.state_dir = config->state_dir,
		.user = config->database.embedded_user,
	};

	if (configured_url(config, &store->conninfo, error) < 0)
		return -1;
	if (store->conninfo != NULL)
		return 0;
	if (embedded_pg_start(&embedded, &store->embedded, error) < 0)
		return error_prefix(error, "embedded PostgreSQL");
	store->conninfo = mem_strdup(embedded_pg_conninfo(store->embedded));
	return 0;
}

int store_start(const struct config *config, struct store **out, struct error *error)
{
	struct store *store = mem_calloc(1, sizeof(*store));
	unsigned applied = 0;

	*out = store;
	if (find_database(store, config, error) < 0)
		return -1;
	if (pg_schema_apply(store->conninfo, &applied, error) < 0)
		return error_prefix(error, "database");
	if (applied > 0)
		log_info("store", "schema brought up to date migrations=%u", applied);
	if (pg_sync_open(store->conninfo, &store->sync, error) < 0)
		return error_prefix(error, "database");
	return 0;
}

/* whether a daemon runs on the state folder, which it then has locked. Else the lock is
 * taken, and held until the process ends */
static int is_running(const char *state_dir, bool *out, struct error *error)
{
	int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = false;
	if (fd < 0)
		return error_set_errno(error, "state_dir %s", state_dir);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	*out = errno == EWOULDBLOCK;
	(void)close(fd); /* nothing was written */
	return *out ? 0 : error_set_errno(error, "state_dir %s: lock", state_dir);
}

/* as embedded_pg.c places it */
static char *running_conninfo(const char *state_dir, struct error *error)
{
	char real[PATH_MAX];
	struct buf folder = { 0 };
	char *socket_dir = NULL;
	char *conninfo = NULL;

	if (realpath(state_dir, real) == NULL) {
		(void)error_set_errno(error, "state_dir %s", state_dir); /* -1 */
		return NULL;
	}
	buf_printf(&folder, "%s/postgresql", real);
	buf_append_char(&folder, '\0');
	socket_dir = pg_socket_dir(folder.data);
	conninfo = pg_socket_conninfo(socket_dir, "siftd");
	mem_free(socket_dir);
	buf_deinit(&folder);
	return conninfo;
}

int store_attach(const struct config *config, struct store **out, struct error *error)
{
	struct store *store = mem_calloc(1, sizeof(*store));
	bool running = false;

	*out = store;
	if (configured_url(config, &store->conninfo, error) < 0)
		return -1;
	if (store->conninfo != NULL)
		return 0;
	if (is_running(config->state_dir, &running, error) < 0)
		return -1;
	if (!running)
		return find_database(store, config, error);
	store->conninfo = running_conninfo(config->state_dir, error);
	return store->conninfo == NULL ? -1 : 0;
}

void store_stop(struct store **store)
{
	if (*store == NULL)
		return;
	pg_sync_close(&(*store)->sync);
	embedded_pg_stop(&(*store)->embedded);
	mem_free((*store)->conninfo);
	mem_free(*store);
	*store = NULL;
}

const char *store_conninfo(const struct store *store)
{
	return store->conninfo;
}

int store_check(struct store *store, struct error *error)
{
	return store->embedded == NULL ? 0 : embedded_pg_check(store->embedded, error);
}

int store_ingestion(struct store *store, const struct source_config *source,
		    int64_t *project_id, int64_t *ingestion_id, struct error *error)
{
	static const struct {
		enum source_kind kind;
		const char *type;
	} types[] = { { SOURCE_FILE, "file" },
		      { SOURCE_SYSLOG_TCP, "syslog" },
		      { SOURCE_SYSLOG_UDP, "syslog" },
		      { SOURCE_SYSLOG_UNIX, "syslog" },
		      { SOURCE_KAFKA, "kafka" } };
	struct pg_bootstrap_source wanted = {
		.name = source->name,
	};

	if (pg_bootstrap_project(store->sync, source->project, project_id, error) < 0)
		return -1;
	wanted.project_id = *project_id;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].kind == source->kind)
			wanted.type = types[i].type;
	}
	return pg_bootstrap_ingestion(store->sync, &wanted, ingestion_id, error);
}

int store_positions(struct store *store, const char *host_id, const char *source,
		    struct stored_positions *out, struct error *error)
{
	return pg_bootstrap_positions(store->sync, host_id, source, out, error);
}

static int restore_template(void *context, int64_t project_id,
			    const struct learner_event *event, struct error *error)
{
	const struct learners_head head = { project_id, (int64_t)event->number };

	learners_set_head(context, &head);
	return learner_restore(learners_get(context, project_id), event, error);
}

int store_restore(struct store *store, struct learners *learners, struct error *error)
{
	return pg_bootstrap_templates(store->sync, restore_template, learners, error);
}
