/* api.c - the HTTP interface's parts, made and freed */
#include "api/api.h"

#include <sodium.h>

#include "api/bootstrap.h"
#include "api/context.h"
#include "api/cors.h"
#include "api/events.h"
#include "api/forwarded.h"
#include "api/gate.h"
#include "api/http.h"
#include "api/http_tls.h"
#include "api/insights.h"
#include "api/kept_answers.h"
#include "api/key_memory.h"
#include "api/limiter.h"
#include "api/page_files.h"
#include "api/passwords.h"
#include "api/push.h"
#include "api/push_once.h"
#include "api/routes.h"
#include "api/source_rates.h"
#include "api/tail_guard.h"
#include "api/tails.h"
#include "api/token.h"
#include "base/mem.h"

/* between two looks for what was committed, by any daemon */
#define TAIL_INTERVAL_US INT64_C(200000)
/* proxies close what is silent; 15 s is what the standard advises */
#define TAIL_HEARTBEAT_US INT64_C(15000000)

struct api {
	struct api_context context;
	struct http_server *server;
	struct http_tls *tls;
	struct forwarded *proxies;
	struct bootstrap *bootstrap;
	struct events_stats events_stats;
	struct push_stats push_stats;
	struct push_once push_once;
};

struct api_config api_config_default(void)
{
	return (struct api_config){
		.address = "127.0.0.1",
		.port = 8080,
		.body_bytes_max = (size_t)64 * 1024 * 1024,
		.record_bytes_max = (size_t)1024 * 1024,
		.public_body_bytes_max = (size_t)64 * 1024,
		.http = { .head_bytes = (size_t)32 * 1024,
			  .bodies_bytes = (size_t)256 * 1024 * 1024,
			  .body_rate = 1024,
			  .answer_rate = 1024,
			  .connections = 1024,
			  .connections_per_address = 256,
			  .head_timeout_s = 10,
			  .idle_timeout_s = 60 },
		.proxy_header = "X-Forwarded-For",
		.token_lifetime_s = INT64_C(7) * 24 * 3600,
		.registration = API_REGISTRATION_LOCAL,
		.invitation_lifetime_s = INT64_C(7) * 24 * 3600,
		.rates = { .login = 10,
			   .registration = 5,
			   .write = 30,
			   .read = 600,
			   .insight = 2,
			   .bad_token = 120,
			   .push = 6000 },
		.query_time_us = 10 * INT64_C(1000000),
		.query_memory_bytes = (size_t)64 << 20,
		.kept_answers_bytes = (size_t)16 << 20,
		.backtests_max = 2,
		.backtest_time_us = 60 * INT64_C(1000000),
		.backtest_events_max = 100000000,
		.tail_listeners_max = 2000,
		.tail_us = 900 * INT64_C(1000000),
		.tail_recheck_us = 5 * INT64_C(1000000),
	};
}

static int start(struct api *api, const struct api_config *config, struct error *error)
{
	struct http_config http = {
		.base = api->context.deps.base,
		.address = config->address,
		.port = config->port,
		.limits = {
			.head_bytes = config->http.head_bytes,
			.bodies_bytes = config->http.bodies_bytes,
			.body_rate = config->http.body_rate,
			.answer_rate = config->http.answer_rate,
			.connections = config->http.connections,
			.connections_per_address = config->http.connections_per_address,
			.head_timeout_s = config->http.head_timeout_s,
			.idle_timeout_s = config->http.idle_timeout_s,
		},
		.body_bytes_max = config->body_bytes_max,
		.public_body_bytes_max = config->public_body_bytes_max,
		.routes = api_routes,
		.find_page = page_files_find,
		.api = &api->context,
		.gate = gate_admit,
	};

	if (token_setup(error) != 0)
		return error_prefix(error, "api");
	if (forwarded_new(config->trusted_proxies, config->trusted_proxies_count,
			  config->proxy_header, &api->proxies, error) != 0)
		return error_prefix(error, "http.trusted_proxies");
	http.proxies = api->proxies;
	randombytes_buf(&api->context.limiter_seed, sizeof(api->context.limiter_seed));
	api->context.kept_answers =
		kept_answers_new(config->kept_answers_bytes, api->context.limiter_seed);
	api->context.source_rates = source_rates_new(
		http.base, api->context.deps.sources, api->context.deps.sources_count);
	if (config->tls_certificate != NULL) {
		if (http_tls_new(config->tls_certificate, config->tls_key, &api->tls,
				 error) != 0)
			return -1;
		http.tls = api->tls;
		api->context.config.secure = true;
	}
	if (passwords_new(http.base, &api->context.passwords, error) != 0 ||
	    insights_new(&api->context, &api->context.insights, error) != 0 ||
	    http_server_new(&http, &api->server, error) != 0)
		return -1;
	api->context.stats = http_server_stats(api->server);
	api->context.conn_stats = http_server_conn_stats(api->server);
	return 0;
}

static void make_tails(struct api *api)
{
	const struct api_context *context = &api->context;
	const struct tails_config config = {
		.base = context->deps.base,
		.deps = { .pool = context->deps.pool,
			  .workers = context->deps.workers,
			  .words = context->deps.words,
			  .blocks = context->deps.blocks,
			  .limits = { context->config.query_time_us,
				      context->config.query_memory_bytes },
			  .stats = &api->events_stats },
		.listeners_max = context->config.tail_listeners_max,
		.interval_us = TAIL_INTERVAL_US,
		.heartbeat_us = TAIL_HEARTBEAT_US,
	};

	api->context.tails = tails_new(&config);
	api->context.tail_guard = tail_guard_new(context->deps.base, context->deps.pool,
						 context->config.tail_recheck_us);
}

int api_new(const struct api_config *config, const struct api_deps *deps,
	    struct api **out, struct error *error)
{
	struct api *api = mem_calloc(1, sizeof(*api));

	api->context.config = *config;
	/* the caller's; used by start alone */
	api->context.config.address = NULL;
	api->context.config.tls_certificate = NULL;
	api->context.config.tls_key = NULL;
	api->context.config.trusted_proxies = NULL;
	api->context.config.cors_origins = NULL;
	api->context.config.proxy_header = NULL;
	api->context.deps = *deps;
	api->context.limiter = limiter_new();
	api->context.cors = cors_new(config->cors_origins, config->cors_origins_count);
	api->context.key_memory = key_memory_new();
	api->context.events_stats = &api->events_stats;
	make_tails(api);
	api->context.push_stats = &api->push_stats;
	api->context.push_once = &api->push_once;
	if (start(api, config, error) != 0) {
		api_free(&api);
		return -1;
	}
	*out = api;
	return 0;
}

void api_free(struct api **api_ptr)
{
	struct api *api = *api_ptr;

	if (api == NULL)
		return;
	bootstrap_free(&api->bootstrap);
	http_server_free(&api->server);
	insights_free(&api->context.insights);
	tails_free(&api->context.tails);
	tail_guard_free(&api->context.tail_guard);
	source_rates_free(&api->context.source_rates);
	passwords_free(&api->context.passwords);
	http_tls_free(&api->tls);
	forwarded_free(&api->proxies);
	cors_free(&api->context.cors);
	limiter_free(&api->context.limiter);
	key_memory_free(&api->context.key_memory);
	kept_answers_free(&api->context.kept_answers);
	mem_free(api);
	*api_ptr = NULL;
}

void api_drain(struct api *api)
{
	http_server_drain(api->server);
	tails_end(api->context.tails); /* else nothing would end them in time */
}

bool api_idle(const struct api *api)
{
	return http_server_conn_stats(api->server)->open == 0;
}

int api_reload(struct api *api, struct error *error)
{
	return api->tls == NULL ? 0 : http_tls_reload(api->tls, error);
}

void api_bootstrap_admin(struct api *api, api_bootstrap_fn *done, void *context)
{
	bootstrap_free(&api->bootstrap);
	api->bootstrap = bootstrap_start(&api->context, done, context);
}
