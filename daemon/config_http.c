/* config_http.c - from options to the configuration of the HTTP interface */
#include "daemon/config_http.h"

#include <string.h>

#define SECOND_US 1000000

/* anybody who reaches a loopback address is at home here; others need an invitation */
static enum api_registration registration_of(const struct config *config,
					     const struct endpoint *endpoint)
{
	const char *word = config->http.registration;

	if (strcmp(word, "open") == 0)
		return API_REGISTRATION_OPEN;
	if (strcmp(word, "closed") == 0)
		return API_REGISTRATION_CLOSED;
	if (strcmp(word, "local") == 0 && endpoint_is_loopback(endpoint))
		return API_REGISTRATION_LOCAL;
	return API_REGISTRATION_INVITED;
}

struct api_config config_http(const struct config *config,
			      const struct endpoint *endpoint)
{
	struct api_config out = api_config_default();

	out.address = endpoint->address;
	out.port = endpoint->port;
	out.registration = registration_of(config, endpoint);
	out.invitation_lifetime_s = config->http.invitation_lifetime_us / SECOND_US;
	out.body_bytes_max = (size_t)config->http.body_bytes_max;
	out.record_bytes_max = (size_t)config->record.bytes_max;
	out.public_body_bytes_max = (size_t)config->http.public_body_bytes_max;
	out.http.head_bytes = (size_t)config->http.head_bytes_max;
	out.http.bodies_bytes = (size_t)config->http.bodies_bytes;
	out.http.body_rate = (size_t)config->http.body_rate;
	out.http.answer_rate = (size_t)config->http.answer_rate;
	out.trusted_proxies = (const char *const *)config->http.trusted_proxies.items;
	out.trusted_proxies_count = config->http.trusted_proxies.count;
	out.proxy_header = config->http.proxy_header;
	out.cors_origins = (const char *const *)config->http.cors_origins.items;
	out.cors_origins_count = config->http.cors_origins.count;
	out.http.connections = (unsigned)config->http.connections_max;
	out.http.connections_per_address =
		(unsigned)config->http.connections_per_address_max;
	out.http.head_timeout_s = (unsigned)(config->http.head_timeout_us / SECOND_US);
	out.http.idle_timeout_s = (unsigned)(config->http.idle_timeout_us / SECOND_US);
	out.tls_certificate = config->http.tls_certificate;
	out.tls_key = config->http.tls_key;
	out.token_lifetime_s = config->http.token_lifetime_us / SECOND_US;
	out.rates = (struct api_rates){
		.login = (unsigned)config->http.logins_per_minute,
		.registration = (unsigned)config->http.registrations_per_minute,
		.write = (unsigned)config->http.writes_per_minute,
		.read = (unsigned)config->http.reads_per_minute,
		.bad_token = (unsigned)config->http.bad_tokens_per_minute,
		.push = (unsigned)config->http.pushes_per_minute,
		.insight = (unsigned)config->http.insights_per_minute,
	};
	out.explain = (struct explain_config){
		.url = config->explain.url,
		.model = config->explain.model,
		.key = config->explain.key,
		.timeout_us = config->explain.timeout_us,
		.open_max = (unsigned)config->explain.open_max,
		.tokens_max = (unsigned)config->explain.tokens_max,
		.daily_max = (unsigned)config->explain.daily_max,
	};
	out.query_time_us = config->query.time_us;
	out.query_memory_bytes = (size_t)config->query.memory_bytes;
	out.kept_answers_bytes = (size_t)config->query.kept_answers_bytes;
	out.tail_listeners_max = (unsigned)config->query.tail_listeners;
	out.tail_us = config->query.tail_time_us;
	out.backtests_max = (unsigned)config->query.backtests;
	out.backtest_time_us = config->query.backtest_time_us;
	out.backtest_events_max = (uint64_t)config->query.backtest_events;
	out.tail_recheck_us = config->query.tail_recheck_us;
	return out;
}
