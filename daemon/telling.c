/* telling.c - from options to what the flush and the notifier take */
#include "daemon/telling.h"

#include <string.h>

#include "base/buf.h"
#include "daemon/config.h"
#include "sinks/channel_seal.h"

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

int telling_keys(const struct config *config, const char *conninfo,
		 struct keyring **out, struct error *error)
{
	struct buf path = { 0 };
	int status = 0;

	if (config->notify.key_file != NULL)
		buf_append_str(&path, config->notify.key_file);
	else
		buf_printf(&path, "%s/channels.key", config->state_dir);
	buf_append_char(&path, '\0');
	status = keyring_load(path.data, out, error);
	buf_deinit(&path);
	if (status < 0)
		return error_prefix(error, "notify.key_file");
	return channels_reseal(conninfo, *out, error);
}

/* Where anybody may make an account, anybody may make a channel too, and would see this
 * machine's network with its eyes. Else all accounts are from the people who run siftd,
 * whose receivers stand there mostly. */
static bool allows_private(const struct config *config)
{
	const char *word = config->notify.private_networks;

	if (strcmp(word, "auto") == 0)
		return strcmp(config->http.registration, "open") != 0;
	return strcmp(word, "allow") == 0;
}

int telling_start(const struct config *config, const struct telling_parts *parts,
		  struct notify **out, struct error *error)
{
	const struct notify_config notify = {
		.interval_us = config->notify.interval_us,
		.timeout_us = config->notify.timeout_us,
		.attempts_max = (unsigned)config->notify.attempts_max,
		.outbox_max = (unsigned)config->notify.outbox_max,
		.kept_days = (unsigned)(config->notify.kept_us / DAY_US),
		.public_url = config->notify.public_url,
		.allow_link_local = config->notify.allow_link_local,
		.allow_private = allows_private(config),
		.keyring = parts->keyring,
		.version = SIFTD_VERSION,
		.kafka = kafka_config_of(config),
	};

	if (telling_check(config, error) < 0)
		return -1;
	return notify_new(parts->base, parts->pool, &notify, out, error);
}
