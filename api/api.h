/* api.h - the HTTP interface as one object: listens, authorises, answers
 *
 * Threads: the loop thread only.
 * Owner: api_free stops listening and drops every open request; what api_deps points at
 *        belongs to the caller and must outlive the api. Strings of api_config are
 *        copied.
 * Limits: api_config; a request larger than body_bytes_max is answered 413.
 */
#ifndef SIFTD_API_API_H
#define SIFTD_API_API_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/explain.h"
#include "base/buf.h"
#include "base/error.h"

struct api;
struct keyring;
struct pg_pool;
struct query_workers;
struct rules;
struct source;
struct spool;
struct uploads;
struct words_cache;
struct block_cache;

/* who may make an account. Whoever comes by way of a proxy does not come from the
 * loopback address that siftd sees: there API_REGISTRATION_LOCAL means by invitation */
enum api_registration {
	API_REGISTRATION_OPEN,
	API_REGISTRATION_LOCAL,
	API_REGISTRATION_INVITED,
	API_REGISTRATION_CLOSED /* no invitation makes an account either */
};

/* requests a minute; 0 means no limit */
struct api_rates {
	unsigned login;        /* by address, and by address and account */
	unsigned registration; /* by address */
	unsigned write;        /* by user */
	unsigned read;         /* by user, or API key */
	unsigned push;         /* by user, or API key */
	unsigned insight;      /* by user */
	unsigned bad_token;    /* by address; beyond, nobody there is let in */
};

struct api_config {
	const char *address; /* a numeric IPv4 or IPv6 address */
	uint16_t port;
	size_t body_bytes_max;
	size_t record_bytes_max;      /* of a pushed record, as the pipeline reads it */
	size_t public_body_bytes_max; /* where anybody may call */
	struct {
		size_t head_bytes;
		size_t bodies_bytes;
		size_t body_rate;   /* bytes a second */
		size_t answer_rate; /* bytes a second */
		unsigned connections;
		unsigned connections_per_address;
		unsigned head_timeout_s;
		unsigned idle_timeout_s;
	} http;
	/* networks of reverse proxies whose proxy_header names the client: forwarded.h
	 */
	const char *const *trusted_proxies;
	size_t trusted_proxies_count;
	const char *proxy_header;
	/* whose pages may call: cors.h */
	const char *const *cors_origins;
	size_t cors_origins_count;
	const char *tls_certificate; /* PEM files; NULL: no TLS */
	const char *tls_key;
	int64_t token_lifetime_s;
	enum api_registration registration;
	int64_t invitation_lifetime_s;
	bool secure; /* clients come by TLS only: cookies say so too. TLS implies it */
	struct api_rates rates;
	/* of one question for events; beyond: see events.h */
	int64_t query_time_us;
	size_t query_memory_bytes;
	size_t kept_answers_bytes; /* see kept_answers.h */
	/* rules tried on stored events: at a time; and see backtest.h */
	unsigned backtests_max;
	int64_t backtest_time_us;
	uint64_t backtest_events_max;
	struct explain_config explain;
	unsigned tail_listeners_max;
	int64_t tail_us;         /* then a tail ends, and its client comes again */
	int64_t tail_recheck_us; /* whether its listener still may: tail_guard.h */
};

/* what api_new should be given where nothing was configured */
struct api_config api_config_default(void);

/* is called for each GET /metrics: appends the other modules' lines in the Prometheus
 * text format */
typedef void api_metrics_fn(void *context, struct buf *out);

struct learner_move;

/* is called when a person has merged or parted groups: where all templates of these
 * groups belong now */
typedef void api_regrouped_fn(void *context, int64_t project_id,
			      const struct learner_move *moves, size_t count);

struct api_deps {
	struct event_base *base;
	struct pg_pool *pool;
	struct spool *spool;           /* NULL: nothing takes pastes, they answer 503 */
	struct uploads *uploads;       /* NULL: no uploads in parts */
	struct query_workers *workers; /* decode blocks for the event routes */
	struct words_cache *words;     /* which the workers use, */
	struct block_cache *blocks;    /* as this */
	const struct keyring *keyring; /* that channels are sealed under */
	const struct rules *rules; /* what findings tell of their rules; may be NULL */
	struct source *const *sources; /* the daemon's own, for GET /sources */
	size_t sources_count;
	struct http_tally *tally; /* of what comes by HTTP, which the flows fill too */
	api_metrics_fn *metrics;  /* may be NULL */
	void *metrics_context;
	api_regrouped_fn *regrouped; /* may be NULL */
	void *regrouped_context;
	/* is called when a project's own rules were changed; may be NULL */
	void (*rules_changed)(void *rules_context);
	void *rules_context;
	const char *version;
};

/* binds and listens; the error names address and port when they are taken */
MUST_CHECK int api_new(const struct api_config *config, const struct api_deps *deps,
		       struct api **out, struct error *error);
/* takes no more connections; requests that are open may end */
void api_drain(struct api *api);
/* no request is open, and all answers were taken */
bool api_idle(const struct api *api);
/* reads certificate and key again. Without TLS nothing is done */
MUST_CHECK int api_reload(struct api *api, struct error *error);
void api_free(struct api **api);

/* is called once: text is what to print (NULL: users exist, nothing was made); error is
 * NULL unless it failed */
typedef void api_bootstrap_fn(void *context, const char *text,
			      const struct error *error);

/* makes admin@localhost of organisation "default" with a random password when there is
 * no user at all. Dropped without a callback by api_free. */
void api_bootstrap_admin(struct api *api, api_bootstrap_fn *done, void *context);

#endif
