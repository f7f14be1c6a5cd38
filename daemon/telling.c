/* telling.c - from options to what the flush and the notifier take */
#include "daemon/telling.h"

#include "daemon/config.h"

#define DAY_US INT64_C(86400000000)

struct flush_limits telling_limits(const struct config *config)
{
	return (struct flush_limits){
		.episodes_max = (int)config->notify.episodes_max,
		.tell_age_us = config->notify.age_us,
		.outbox_max = (int)config->notify.outbox_max,
	};
}

/* borrows */
static struct kafka_out_config kafka_config_of(const struct config *config)
{
	return (struct kafka_out_config){
		.brokers = (const char *const *)config->notify.kafka_brokers.items,
		.brokers_count = config->notify.kafka_brokers.count,
		.topics = (const char *const *)config->notify.kafka_topics.items,
		.topics_count = config->notify.kafka_topics.count,
		.property_names = (const char *const *)
					  config->notify.kafka_properties.names.items,
		.property_values = (const char *const *)
					   config->notify.kafka_properties.values.items,
		.properties_count = config->notify.kafka_properties.names.count,
		.timeout_ms = (unsigned)(config->notify.timeout_us / 1000),
	};
}

int telling_check(const struct config *config, struct error *error)
{
	const struct kafka_out_config kafka = kafka_config_of(config);

	return kafka_out_check(&kafka, error) < 0 ? error_prefix(error, "notify") : 0;
}

int telling_start(const struct config *config, struct event_base *base,
		  struct pg_pool *pool, struct notify **out, struct error *error)
{
	const struct notify_config notify = {
		.interval_us = config->notify.interval_us,
		.timeout_us = config->notify.timeout_us,
		.attempts_max = (unsigned)config->notify.attempts_max,
		.outbox_max = (unsigned)config->notify.outbox_max,
		.kept_days = (unsigned)(config->notify.kept_us / DAY_US),
		.public_url = config->notify.public_url,
		.allow_link_local = config->notify.allow_link_local,
		.version = SIFTD_VERSION,
		.kafka = kafka_config_of(config),
	};

	if (telling_check(config, error) < 0)
		return -1;
	return notify_new(base, pool, &notify, out, error);
}
