/* embedded_pg.c - making, starting, adopting and stopping a private PostgreSQL */
#include "daemon/embedded_pg.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/pg_process.h"
#include "daemon/pg_programs.h"
#include "daemon/pg_socket.h"
#include "sinks/pg_sync.h"

#define LOG_BYTES_MAX (16L * 1024 * 1024)
/* recovery after a crash reads up to max_wal_size again */
#define START_MS_MAX 300000
#define STOP_FAST_MS_MAX 60000
#define STOP_IMMEDIATE_MS_MAX 10000
#define POLL_MS 20
/* backends of a postmaster that was killed need a moment to notice */
#define START_TRIES 20
#define RETRY_MS 250

struct embedded_pg {
	struct pg_identity identity;
	char *programs; /* folder */
	char *folder;   /* STATE_DIR/postgresql */
	char *data;
	char *socket_dir;
	char *log_path;
	char *conninfo;
	pid_t pid;
};

/* for a machine of two cores that also runs siftd; statistics of what was just filled
 * come soon */
static const char *const settings[] = { "listen_addresses=",
					"port=5432",
					"unix_socket_permissions=0700",
					"cluster_name=siftd",
					"jit=off",
					"shared_buffers=128MB",
					"max_connections=40",
					"max_wal_size=2GB",
					"min_wal_size=256MB",
					"wal_compression=on",
					"wal_level=minimal",
					"max_wal_senders=0",
					"checkpoint_timeout=15min",
					"checkpoint_completion_target=0.9",
					"synchronous_commit=on",
					"max_parallel_workers_per_gather=0",
					"work_mem=16MB",
					"maintenance_work_mem=128MB",
					"effective_cache_size=1GB",
					"random_page_cost=1.1",
					"autovacuum_naptime=15s",
					"timezone=UTC",
					"log_timezone=UTC",
					"log_min_messages=warning",
					"log_line_prefix=%m [%p] " };

static char *path_join(const char *folder, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", folder, name);
	return buf_take(&path);
}

static void sleep_ms(long ms)
{
	struct timespec delay = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&delay,
			NULL); /* a signal may cut it short: callers look again */
}

static int make_folder(const struct embedded_pg *pg, const char *path,
		       struct error *error)
{
	struct stat found;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(error, "embedded_pg: mkdir %s", path);
	if (lstat(path, &found) != 0)
		return error_set_errno(error, "embedded_pg: stat %s", path);
	if (!S_ISDIR(found.st_mode))
		return error_set(error, "embedded_pg: %s is no folder", path);
	/* in /tmp somebody else may have made it first */
	if (found.st_uid != geteuid() &&
	    !(pg->identity.drop && found.st_uid == pg->identity.uid))
		return error_set(error, "embedded_pg: %s belongs to another user",
				 path);
	if (pg->identity.drop && chown(path, pg->identity.uid, pg->identity.gid) != 0)
		return error_set_errno(error, "embedded_pg: chown %s", path);
	if (chmod(path, 0700) != 0)
		return error_set_errno(error, "embedded_pg: chmod %s", path);
	return 0;
}

/* the server's user must pass through the state directory, and needs no more of it */
static int let_pass(const struct embedded_pg *pg, const char *state_dir,
		    struct error *error)
{
	struct stat found;

	if (!pg->identity.drop)
		return 0;
	if (stat(state_dir, &found) != 0)
		return error_set_errno(error, "embedded_pg: stat %s", state_dir);
	if ((found.st_mode & S_IXOTH) != 0 || found.st_uid == pg->identity.uid)
		return 0;
	if (chown(state_dir, (uid_t)-1, pg->identity.gid) != 0 ||
	    chmod(state_dir, (found.st_mode & 0700) | S_IXGRP) != 0)
		return error_set_errno(error, "embedded_pg: chmod %s", state_dir);
	return 0;
}

static int set_paths(struct embedded_pg *pg, const char *state_dir, struct error *error)
{
	char real[PATH_MAX];

	/* /proc names working directories without symbolic links */
	if (realpath(state_dir, real) == NULL)
		return error_set_errno(error, "embedded_pg: %s", state_dir);
	pg->folder = path_join(real, "postgresql");
	pg->data = path_join(pg->folder, "data");
	pg->log_path = path_join(pg->folder, "log");
	pg->socket_dir = pg_socket_dir(pg->folder);
	pg->conninfo = pg_socket_conninfo(pg->socket_dir, "siftd");
	if (let_pass(pg, real, error) != 0 || make_folder(pg, pg->folder, error) != 0)
		return -1;
	return make_folder(pg, pg->socket_dir, error);
}

/* the first line of a small file as a number; 0 when there is none */
static long read_number(const char *folder, const char *name)
{
	char *path = path_join(folder, name);
	FILE *file = fopen(path, "re");
	char line[32] = "";
	long number = 0;

	mem_free(path);
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) != NULL)
		number = strtol(line, NULL, 10);
	(void)fclose(file); /* read only */
	return number;
}

static pid_t read_pid(const struct embedded_pg *pg)
{
	return (pid_t)read_number(pg->data, "postmaster.pid");
}

static struct pg_command command_of(const struct embedded_pg *pg,
				    const char *const *argv)
{
	return (struct pg_command){ .argv = argv,
				    .log_path = pg->log_path,
				    .folder = pg->folder,
				    .identity = &pg->identity };
}

static int remove_tree(const struct embedded_pg *pg, const char *path,
		       struct error *error)
{
	const char *const argv[] = { "/bin/rm", "-rf", path, NULL };
	struct pg_command command = command_of(pg, argv);

	return pg_process_run(&command, error);
}

/* under another name first: an initdb that was killed must not look finished */
static int make_cluster(const struct embedded_pg *pg, struct error *error)
{
	char *initdb = path_join(pg->programs, "initdb");
	char *fresh = path_join(pg->folder, "data.new");
	const char *const argv[] = { initdb,
				     "-D",
				     fresh,
				     "-U",
				     "siftd",
				     "--auth=trust",
				     "--encoding=UTF8",
				     "--locale=C.UTF-8",
				     "--data-checksums",
				     "--no-instructions",
				     NULL };
	struct pg_command command = command_of(pg, argv);
	int status = -1;

	log_info("embedded_pg", "making a database cluster data=%s", pg->data);
	if (remove_tree(pg, fresh, error) == 0 &&
	    pg_process_run(&command, error) == 0) {
		status = rename(fresh, pg->data);
		if (status != 0)
			(void)error_set_errno(error, "embedded_pg: rename %s", fresh);
	}
	mem_free(initdb);
	mem_free(fresh);
	return status;
}

static int spawn_server(struct embedded_pg *pg, struct error *error)
{
	const char *argv[2 * ARRAY_LEN(settings) + 6];
	char *postgres = path_join(pg->programs, "postgres");
	struct buf sockets = { 0 };
	struct pg_command command = command_of(pg, argv);
	size_t count = 0;
	pid_t pid = -1;

	buf_printf(&sockets, "unix_socket_directories=%s", pg->socket_dir);
	buf_append_char(&sockets, '\0');
	argv[count++] = postgres;
	argv[count++] = "-D";
	argv[count++] = pg->data;
	argv[count++] = "-c";
	argv[count++] = sockets.data;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		argv[count++] = "-c";
		argv[count++] = settings[i];
	}
	argv[count] = NULL;
	pid = pg_process_spawn(&command, error);
	mem_free(postgres);
	buf_deinit(&sockets);
	if (pid < 0)
		return -1; /* -1 must not be kept: kill would take it for everybody */
	pg->pid = pid;
	return 0;
}

/* 0 while the postmaster is there */
static int check_server(const struct embedded_pg *pg, struct error *error)
{
	const char *const argv[] = { "postgres", NULL };
	struct pg_command command = command_of(pg, argv);

	return pg_process_check(&command, pg->pid, error);
}

/* waits until the server takes queries; -1 when it ended, or takes too long */
static int wait_ready(struct embedded_pg *pg, struct error *error)
{
	char *conninfo = pg_socket_conninfo(pg->socket_dir, "postgres");
	int64_t begin_us = clock_monotonic_us();
	struct pg_sync *sync = NULL;
	int status = 0;

	while (status == 0 && pg_sync_open(conninfo, &sync, error) != 0) {
		int64_t waited_ms = (clock_monotonic_us() - begin_us) / 1000;

		status = check_server(pg, error);
		if (status == 0 && waited_ms > START_MS_MAX)
			status =
				error_prefix(error, "embedded_pg: not ready after %d s",
					     START_MS_MAX / 1000);
		if (waited_ms > 5000)
			log_info("embedded_pg",
				 "waiting for the server waited_s=%lld answer=\"%s\"",
				 (long long)waited_ms / 1000, error->text);
		sleep_ms(waited_ms > 5000 ? 1000 : POLL_MS);
	}
	/* another siftd may have started the one that answers */
	if (status == 0 && pg_process_works_in(read_pid(pg), pg->data))
		pg->pid = read_pid(pg);
	pg_sync_close(&sync);
	mem_free(conninfo);
	return status;
}

static int make_database(const struct embedded_pg *pg, struct error *error)
{
	char *conninfo = pg_socket_conninfo(pg->socket_dir, "postgres");
	const struct pg_rows *rows = NULL;
	struct pg_sync *sync = NULL;
	int status = pg_sync_open(conninfo, &sync, error);

	mem_free(conninfo);
	if (status == 0)
		status = pg_sync_exec(sync,
				      "SELECT FROM pg_database WHERE datname = 'siftd'",
				      &rows, error);
	if (status == 0 && pg_rows_count(rows) == 0)
		status = pg_sync_exec(sync, "CREATE DATABASE siftd", NULL, error);
	pg_sync_close(&sync);
	return status;
}

static void rotate_log(const struct embedded_pg *pg)
{
	struct stat found;
	char *old = NULL;

	if (stat(pg->log_path, &found) != 0 || found.st_size < LOG_BYTES_MAX)
		return;
	old = path_join(pg->folder, "log.old");
	if (rename(pg->log_path, old) != 0)
		log_warn("embedded_pg", "the log could not be rotated path=%s",
			 pg->log_path);
	mem_free(old);
}

/* PostgreSQL takes any process of its user with the number in postmaster.pid for a
 * postmaster. The file also names the shared memory by which it finds backends that
 * still run: it may go only when none works in the folder. */
static void forget_foreign_pid(const struct embedded_pg *pg)
{
	pid_t pid = read_pid(pg);
	char *path = NULL;

	if (pid <= 0 || (kill(pid, 0) != 0 && errno == ESRCH) ||
	    pg_process_in_folder(pg->data) != 0)
		return;
	path = path_join(pg->data, "postmaster.pid");
	log_warn("embedded_pg", "removing a stale file path=%s pid=%ld", path,
		 (long)pid);
	if (unlink(path) != 0)
		log_warn("embedded_pg", "it could not be removed path=%s", path);
	mem_free(path);
}

static int start_server(struct embedded_pg *pg, struct error *error)
{
	int status = -1;

	rotate_log(pg);
	for (int tries = 0; status != 0 && tries < START_TRIES; tries++) {
		if (tries > 0)
			sleep_ms(RETRY_MS);
		forget_foreign_pid(pg);
		if (spawn_server(pg, error) != 0)
			return -1;
		status = wait_ready(pg, error);
		/* only leftovers of a killed postmaster are worth another try */
		if (status != 0 && pg_process_in_folder(pg->data) == 0)
			tries = START_TRIES;
	}
	return status;
}

/* a postmaster that outlived the siftd that started it; waits for one that is going */
static bool adopt_server(struct embedded_pg *pg)
{
	struct error error = { 0 };
	pid_t pid = read_pid(pg);

	if (pid <= 0 || !pg_process_works_in(pid, pg->data))
		return false;
	pg->pid = pid;
	if (wait_ready(pg, &error) != 0) {
		log_info("embedded_pg", "a running server could not be adopted: %s",
			 error.text);
		return false;
	}
	log_info("embedded_pg", "adopted the running server pid=%ld", (long)pid);
	return true;
}

static void free_pg(struct embedded_pg **pg)
{
	mem_free((*pg)->programs);
	mem_free((*pg)->folder);
	mem_free((*pg)->data);
	mem_free((*pg)->socket_dir);
	mem_free((*pg)->log_path);
	mem_free((*pg)->conninfo);
	mem_free(*pg);
	*pg = NULL;
}

static int prepare(struct embedded_pg *pg, const struct embedded_pg_config *config,
		   struct error *error)
{
	unsigned major = 0;

	if (pg_identity_choose(config->user, &pg->identity, error) != 0 ||
	    set_paths(pg, config->state_dir, error) != 0)
		return -1;
	major = (unsigned)read_number(pg->data, "PG_VERSION");
	if (config->bin_dir != NULL)
		pg->programs = mem_strdup(config->bin_dir);
	else if (pg_programs_find(major, &pg->programs, error) != 0)
		return -1;
	return major == 0 ? make_cluster(pg, error) : 0;
}

int embedded_pg_start(const struct embedded_pg_config *config, struct embedded_pg **out,
		      struct error *error)
{
	struct embedded_pg *pg = mem_calloc(1, sizeof(*pg));
	int status = prepare(pg, config, error);

	*out = NULL;
	if (status == 0 && !adopt_server(pg))
		status = start_server(pg, error);
	if (status == 0)
		status = make_database(pg, error);
	if (status != 0) {
		free_pg(&pg);
		return -1;
	}
	log_info("embedded_pg", "ready pid=%ld programs=%s socket=%s", (long)pg->pid,
		 pg->programs, pg->socket_dir);
	*out = pg;
	return 0;
}

const char *embedded_pg_conninfo(const struct embedded_pg *pg)
{
	return pg->conninfo;
}

pid_t embedded_pg_pid(const struct embedded_pg *pg)
{
	return pg->pid;
}

int embedded_pg_check(struct embedded_pg *pg, struct error *error)
{
	if (check_server(pg, error) == 0)
		return 0;
	log_warn("embedded_pg", "the server is gone and is started again: %s",
		 error->text);
	forget_foreign_pid(pg);
	return spawn_server(pg, error);
}

static bool wait_gone(const struct embedded_pg *pg, int ms_max)
{
	struct error why = { 0 };

	for (int waited = 0; waited < ms_max; waited += POLL_MS) {
		if (check_server(pg, &why) != 0)
			return true;
		sleep_ms(POLL_MS);
	}
	return false;
}

void embedded_pg_stop(struct embedded_pg **pg)
{
	if (*pg == NULL)
		return;
	/* SIGINT: fast, SIGQUIT: immediate; see postgres(1) */
	if (kill((*pg)->pid, SIGINT) == 0 && !wait_gone(*pg, STOP_FAST_MS_MAX)) {
		log_warn("embedded_pg", "the server does not stop: immediate shutdown");
		if (kill((*pg)->pid, SIGQUIT) != 0 ||
		    !wait_gone(*pg, STOP_IMMEDIATE_MS_MAX))
			log_warn("embedded_pg", "the server was left behind pid=%ld",
				 (long)(*pg)->pid);
	}
	/* a short one below /run or /tmp is not needed any more; left when not empty */
	(void)rmdir((*pg)->socket_dir);
	free_pg(pg);
}
