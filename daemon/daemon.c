/* daemon.c - the loop: start, signals, watchdog, and an end that stores what was read
 *
 *   STARTING -> RUNNING -> DRAINING -> (loop ends)
 *
 * Draining: the interface takes nothing new and answers what was asked; then lanes take
 * no more chunks (a source that waits for room gives up: what it held will be read
 * again), sources stop, and the loop goes on until the last batch is committed, or
 * DRAIN_MAX_US passed.
 */
#include "daemon/daemon.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sd_notify.h"
#include "daemon/flows.h"
#include "daemon/lanes.h"
#include "daemon/parts.h"
#include "daemon/store.h"
#include "sources/port.h"

#define TICK_US INT64_C(250000)
#define DRAIN_MAX_US INT64_C(60000000)
#define STATUS_TICKS 20
#define AGAIN_US INT64_C(1000000)
#define CHECK_PAUSE_US INT64_C(1000000)

struct daemon {
	struct parts parts;
	struct event_base *base;
	struct event *terminate;
	struct event *interrupt;
	struct event *hangup;
	struct event *child;
	struct event *tick;
	struct sd_notify notify;
	int64_t ticks;
	int64_t drain_ticks;
	bool admin_known; /* READY was said */
	bool asking_admin;
	bool draining;
	bool incomplete;    /* ended before all was stored */
	int64_t checked_us; /* the store, last */
};

static uint64_t events_committed(const struct daemon *daemon)
{
	uint64_t events = 0;

	for (size_t i = 0; i < flows_count(daemon->parts.flows); i++)
		events += flows_stats(daemon->parts.flows, i)->committed_events;
	return events;
}

static void begin_draining(struct daemon *daemon)
{
	if (daemon->draining)
		return;
	daemon->draining = true;
	sd_notify_stopping(&daemon->notify);
	log_info("daemon", "stopping: storing what was read");
	api_drain(daemon->parts.api);
}

/* what was asked is answered, or took too long */
static void stop_taking(struct daemon *daemon)
{
	api_free(&daemon->parts.api);
	lanes_finish(daemon->parts.lanes);
	parts_stop_sources(&daemon->parts);
}

static void on_signal(evutil_socket_t number, short events, void *context)
{
	struct daemon *daemon = context;

	(void)events;
	if (daemon->draining && daemon->drain_ticks * TICK_US < AGAIN_US)
		return; /* the same request, sent to the process and to its group */
	if (daemon->draining) {
		log_warn("daemon",
			 "stopping at once, what is not stored will be read again");
		daemon->incomplete = true;
		if (daemon->parts.api != NULL)
			stop_taking(daemon);
		event_base_loopbreak(daemon->base);
		return;
	}
	log_info("daemon", "signal number=%d", (int)number);
	begin_draining(daemon);
}

static void reload_sources(const struct daemon *daemon)
{
	struct error error = { 0 };

	for (size_t i = 0; i < daemon->parts.sources_count; i++) {
		struct source *source = daemon->parts.sources[i];

		if (source->ops->reload != NULL &&
		    source->ops->reload(source, &error) < 0)
			log_error("daemon", "reload: source %s goes on as it is: %s",
				  source->name, error.text);
	}
}

/* what files say is read again, as far as that can be done while running */
static void on_hangup(evutil_socket_t number, short events, void *context)
{
	const struct daemon *daemon = context;
	struct error error = { 0 };

	(void)number; /* the one it was made for */
	(void)events;
	if (daemon->draining)
		return;
	reload_sources(daemon);
	if (api_reload(daemon->parts.api, &error) < 0)
		log_error("daemon", "reload: the old certificate stays: %s",
			  error.text);
	else
		log_info("daemon", "reloaded");
}

/* a server that cannot start ends at once: the next try waits for the tick */
static void check_store(struct daemon *daemon)
{
	struct error error = { 0 };
	int64_t now_us = clock_monotonic_us();

	if (now_us - daemon->checked_us < CHECK_PAUSE_US)
		return;
	daemon->checked_us = now_us;
	if (store_check(daemon->parts.store, &error) < 0)
		log_error("store", "%s", error.text);
}

static void on_child(evutil_socket_t number, short events, void *context)
{
	(void)number;
	(void)events;
	check_store(context);
}

static void go_on_draining(struct daemon *daemon)
{
	daemon->drain_ticks++;
	if (daemon->parts.api != NULL) {
		if (!api_idle(daemon->parts.api) &&
		    daemon->drain_ticks * TICK_US <
			    daemon->parts.config->http.drain_timeout_us)
			return;
		stop_taking(daemon);
	}
	sd_notify_extend_timeout(&daemon->notify, INT64_C(5000000));
	if (flows_idle(daemon->parts.flows)) {
		event_base_loopbreak(daemon->base);
	} else if (daemon->drain_ticks * TICK_US >= DRAIN_MAX_US) {
		log_error("daemon",
			  "the database did not take the rest in time; files and "
			  "the spool will be read again from there");
		daemon->incomplete = true;
		event_base_loopbreak(daemon->base);
	}
}

static void on_admin(void *context, const char *text, const struct error *error)
{
	struct daemon *daemon = context;

	daemon->asking_admin = false;
	if (error != NULL) {
		log_error("api", "cannot make the first admin, will try again: %s",
			  error->text);
		return;
	}
	if (text != NULL)
		(void)fprintf(stderr,
			      "siftd: the first admin was made, the password is shown "
			      "only now\nsiftd: admin login: %s\n",
			      text);
	log_info("daemon", "ready http=%s sources=%zu",
		 daemon->parts.config->http.listen, daemon->parts.sources_count - 1);
	daemon->admin_known = true;
	sd_notify_ready(&daemon->notify);
}

/* without an admin nobody can log in: not ready before there is one */
static void find_admin(struct daemon *daemon)
{
	if (daemon->admin_known || daemon->asking_admin || daemon->draining)
		return;
	daemon->asking_admin = true;
	api_bootstrap_admin(daemon->parts.api, on_admin, daemon);
}

static void on_tick(evutil_socket_t fd, short events, void *context)
{
	struct daemon *daemon = context;

	(void)fd;
	(void)events;
	sd_notify_watchdog(&daemon->notify);
	find_admin(daemon);
	if (daemon->ticks++ % STATUS_TICKS == 0) {
		check_store(daemon);
		sd_notify_status(&daemon->notify, "%" PRIu64 " events stored",
				 events_committed(daemon));
	}
	if (daemon->draining)
		go_on_draining(daemon);
}

static struct event *add_event(struct daemon *daemon, int fd, short what,
			       event_callback_fn call)
{
	struct event *event =
		event_new(daemon->base, fd, (short)(what | EV_PERSIST), call, daemon);
	const struct timeval interval = { .tv_usec = TICK_US };

	event_add(event, what == EV_SIGNAL ? NULL : &interval);
	return event;
}

static int run(struct daemon *daemon, const struct config *config, struct error *error)
{
	sigset_t stops;

	/* one that comes while things are made waits until there is a loop to obey it:
	 * an embedded server must not be left alone half-made */
	(void)sigemptyset(&stops);                      /* cannot fail */
	(void)sigaddset(&stops, SIGTERM);               /* valid signals */
	(void)sigaddset(&stops, SIGINT);                /* as above */
	(void)pthread_sigmask(SIG_BLOCK, &stops, NULL); /* valid arguments */
	if (parts_make(&daemon->parts, config, daemon->base, error) < 0 ||
	    parts_start_sources(&daemon->parts, error) < 0)
		return -1;
	daemon->terminate = add_event(daemon, SIGTERM, EV_SIGNAL, on_signal);
	daemon->interrupt = add_event(daemon, SIGINT, EV_SIGNAL, on_signal);
	daemon->hangup = add_event(daemon, SIGHUP, EV_SIGNAL, on_hangup);
	daemon->child = add_event(daemon, SIGCHLD, EV_SIGNAL, on_child);
	daemon->tick = add_event(daemon, -1, 0, on_tick);
	(void)pthread_sigmask(SIG_UNBLOCK, &stops, NULL); /* valid arguments */
	find_admin(daemon);
	event_base_dispatch(daemon->base);
	log_info("daemon", "stopped events=%" PRIu64, events_committed(daemon));
	if (daemon->incomplete)
		return error_set(error, "stopped before everything was stored; the "
					"rest will be read again");
	return 0;
}

static void free_events(struct daemon *daemon)
{
	struct event *const events[] = { daemon->terminate, daemon->interrupt,
					 daemon->hangup, daemon->child, daemon->tick };

	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (events[i] != NULL)
			event_free(events[i]);
	}
}

int daemon_run(const struct config *config, struct error *error)
{
	struct daemon daemon = { 0 };
	enum log_level level = LOG_LEVEL_INFO;
	int status = log_level_parse(config->log_level, &level);

	if (status < 0)
		return error_set(error, "log_level %s", config->log_level);
	log_set_level(level);
	(void)signal(SIGPIPE, SIG_IGN); /* a known signal: cannot fail */
	(void)signal(SIGXFSZ, SIG_IGN); /* as above; the write fails instead */
	if (sd_notify_init(&daemon.notify, error) < 0)
		return -1;
	evthread_use_pthreads();
	daemon.base = event_base_new();
	status = run(&daemon, config, error);
	if (status < 0 && daemon.parts.lanes != NULL && !daemon.draining) {
		lanes_finish(daemon.parts.lanes);
		parts_stop_sources(&daemon.parts);
	}
	parts_free(&daemon.parts);
	free_events(&daemon);
	event_base_free(daemon.base);
	sd_notify_deinit(&daemon.notify);
	return status;
}
