/* kafka_conf.c - options and passed-through properties to librdkafka's configuration
 *
 * What exactly-once rests on cannot be changed by a property: offsets live in
 * PostgreSQL, so librdkafka must neither store nor commit any by itself, nor jump
 * anywhere when an offset is gone.
 */
#include "sources/kafka_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "sources/kafka_route.h"

#define FILE_BYTES_MAX 65536
#define REASON_BYTES 512
#define NUMBER_BYTES 16

struct setting {
	const char *name;
	const char *value;
};

/* may be changed by a property */
static const struct setting consumer_defaults[] = {
	{ "client.id", "siftd" },
	{ "queued.max.messages.kbytes", "32768" },
	{ "queued.min.messages", "100000" },
	{ "fetch.message.max.bytes", "1048576" },
	{ "reconnect.backoff.max.ms", "2000" },
	{ "topic.metadata.refresh.interval.ms", "30000" },
	{ "session.timeout.ms", "10000" },
	{ "heartbeat.interval.ms", "2000" },
};

static const struct setting producer_defaults[] = {
	{ "client.id", "siftd" },
	{ "linger.ms", "0" },
	{ "queue.buffering.max.kbytes", "16384" },
	{ "reconnect.backoff.max.ms", "2000" },
};

/* may not */
static const struct setting consumer_fixed[] = {
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "enable.partition.eof", "false" },
	{ "auto.offset.reset", "error" },
	{ "partition.assignment.strategy", "cooperative-sticky" },
};

static const struct setting producer_fixed[] = {
	{ "enable.idempotence", "true" },
	{ "acks", "all" },
};

struct profile {
	const struct setting *defaults;
	size_t defaults_count;
	const struct setting *fixed;
	size_t fixed_count;
	const char *why; /* they are fixed */
};

static const struct profile consumer = {
	consumer_defaults,         ARRAY_LEN(consumer_defaults),     consumer_fixed,
	ARRAY_LEN(consumer_fixed), "siftd keeps the offsets itself",
};

static const struct profile producer = {
	producer_defaults,         ARRAY_LEN(producer_defaults),        producer_fixed,
	ARRAY_LEN(producer_fixed), "what is told must be written once",
};

/* have an option of their own */
static const struct setting options[] = {
	{ "bootstrap.servers", "brokers" },
	{ "metadata.broker.list", "brokers" },
	{ "group.id", "group" },
	{ "message.timeout.ms", "notify.timeout" },
	{ "delivery.timeout.ms", "notify.timeout" },
};

static void on_log(const rd_kafka_t *handle, int level, const char *facility,
		   const char *text)
{
	(void)handle;
	if (level <= LOG_ERR)
		log_error("kafka", "%s: %s", facility, text);
	else if (level <= LOG_WARNING)
		log_warn("kafka", "%s: %s", facility, text);
	else if (level <= LOG_INFO)
		log_info("kafka", "%s: %s", facility, text);
	else
		log_debug("kafka", "%s: %s", facility, text);
}

/* the names are cut out of librdkafka's own table: "name  | C | range | ...". A dump of
 * a configuration lacks those that are not set */
static void offer_names(struct nearest *nearest, char *table)
{
	char *state = NULL;

	for (char *line = strtok_r(table, "\n", &state); line != NULL;
	     line = strtok_r(NULL, "\n", &state)) {
		size_t len = strcspn(line, " |");

		if (strchr(line, '|') == NULL)
			continue;
		line[len] = '\0';
		nearest_offer(nearest, line);
	}
}

static int unknown_property(const char *name, struct error *error)
{
	struct nearest nearest = nearest_init(slice_str(name));
	const char *best = NULL;
	char *table = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&table, &size);

	if (file == NULL)
		return error_set(error, "unknown property \"%s\"", name);
	rd_kafka_conf_properties_show(file);
	if (fclose(file) == 0)
		offer_names(&nearest, table);
	best = nearest_best(&nearest);
	if (best == NULL)
		(void)error_set(error, "unknown property \"%s\"", name);
	else
		(void)error_set(error, "unknown property \"%s\", did you mean \"%s\"?",
				name, best);
	free(table); /* of open_memstream */
	return -1;
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value,
	       struct error *error)
{
	char reason[REASON_BYTES];

	switch (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason))) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		return unknown_property(name, error);
	case RD_KAFKA_CONF_INVALID:
		break;
	}
	return error_set(error, "property %s: %s", name, reason);
}

static int set_all(rd_kafka_conf_t *conf, const struct setting *settings, size_t count,
		   struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if (set(conf, settings[i].name, settings[i].value, error) < 0)
			return -1;
	}
	return 0;
}

static int refuse_managed(const struct profile *profile, const char *name,
			  struct error *error)
{
	for (size_t i = 0; i < profile->fixed_count; i++) {
		if (strcmp(profile->fixed[i].name, name) == 0)
			return error_set(
				error, "property %s cannot be changed: %s, %s=%s", name,
				profile->why, name, profile->fixed[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (strcmp(options[i].name, name) == 0)
			return error_set(error,
					 "property %s: use the option \"%s\" instead",
					 name, options[i].value);
	}
	return 0;
}

/* the value behind NAME_file, without a last line end */
static int set_from_file(rd_kafka_conf_t *conf, const char *name, const char *path,
			 struct error *error)
{
	char *text = mem_alloc(FILE_BYTES_MAX + 1);
	FILE *file = fopen(path, "re");
	size_t len = 0;
	int status = -1;

	if (file == NULL) {
		(void)error_set_errno(error, "property %s_file: %s", name, path);
		goto out;
	}
	len = fread(text, 1, FILE_BYTES_MAX + 1, file);
	(void)fclose(file); /* only read from */
	if (len == 0 || len > FILE_BYTES_MAX) {
		(void)error_set(error, "property %s_file: %s: not 1 to %d bytes", name,
				path, FILE_BYTES_MAX);
		goto out;
	}
	len = slice_trim(slice_of(text, len)).len;
	text[len] = '\0';
	status = set(conf, name, text, error);
out:
	mem_free(text);
	return status;
}

static int set_property(const struct profile *profile, rd_kafka_conf_t *conf,
			const char *name, const char *value, struct error *error)
{
	static const char suffix[] = "_file";
	size_t len = strlen(name);
	char *secret = NULL;
	int status = 0;

	if (len < sizeof(suffix) ||
	    strcmp(name + len - (sizeof(suffix) - 1), suffix) != 0)
		return refuse_managed(profile, name, error) < 0
			       ? -1
			       : set(conf, name, value, error);
	secret = mem_slice_dup(slice_of(name, len - (sizeof(suffix) - 1)));
	status = refuse_managed(profile, secret, error);
	if (status == 0)
		status = set_from_file(conf, secret, value, error);
	mem_free(secret);
	return status;
}

static int set_properties(const struct profile *profile, rd_kafka_conf_t *conf,
			  const struct kafka_config *config, struct error *error)
{
	for (size_t i = 0; i < config->properties_count; i++) {
		if (set_property(profile, conf, config->property_names[i],
				 config->property_values[i], error) < 0)
			return -1;
	}
	return 0;
}

static int set_brokers(rd_kafka_conf_t *conf, const struct kafka_config *config,
		       struct error *error)
{
	struct buf brokers = { 0 };
	int status = 0;

	for (size_t i = 0; i < config->brokers_count; i++)
		buf_printf(&brokers, "%s%s", i == 0 ? "" : ",", config->brokers[i]);
	buf_append_char(&brokers, '\0');
	status = set(conf, "bootstrap.servers", brokers.data, error);
	buf_deinit(&brokers);
	return status;
}

static int set_group(rd_kafka_conf_t *conf, const struct kafka_config *config,
		     struct error *error)
{
	struct buf group = { 0 };
	int status = 0;

	if (config->group != NULL)
		buf_append_str(&group, config->group);
	else
		buf_printf(&group, "siftd-%s", config->name);
	buf_append_char(&group, '\0');
	status = set(conf, "group.id", group.data, error);
	buf_deinit(&group);
	return status;
}

static int set_profile(const struct profile *profile, rd_kafka_conf_t *conf,
		       const struct kafka_config *config, struct error *error)
{
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (set_all(conf, profile->defaults, profile->defaults_count, error) < 0 ||
	    set_all(conf, profile->fixed, profile->fixed_count, error) < 0 ||
	    set_brokers(conf, config, error) < 0)
		return -1;
	return set_properties(profile, conf, config, error);
}

/* takes conf */
static rd_kafka_t *make(rd_kafka_type_t type, rd_kafka_conf_t *conf,
			struct error *error)
{
	char reason[REASON_BYTES];
	rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof(reason));

	if (handle == NULL) {
		(void)error_set(error, "librdkafka: %s", reason);
		rd_kafka_conf_destroy(conf);
	}
	return handle;
}

rd_kafka_t *kafka_handle_new(const struct kafka_config *config, struct error *error)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_REBALANCE |
					       RD_KAFKA_EVENT_OFFSET_COMMIT |
					       RD_KAFKA_EVENT_ERROR);
	/* an older librdkafka does not know it (see kafka_fetch.h) */
	(void)rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "10", NULL, 0);
	if (set_group(conf, config, error) < 0 ||
	    set_profile(&consumer, conf, config, error) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return make(RD_KAFKA_CONSUMER, conf, error);
}

rd_kafka_t *kafka_producer_new(const struct kafka_config *config, unsigned timeout_ms,
			       struct error *error)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char timeout[NUMBER_BYTES];

	(void)snprintf(timeout, sizeof(timeout), "%u", timeout_ms); /* fits */
	rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
	if (set(conf, "message.timeout.ms", timeout, error) < 0 ||
	    set_profile(&producer, conf, config, error) < 0) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	return make(RD_KAFKA_PRODUCER, conf, error);
}

int kafka_check(const struct kafka_config *config, struct error *error)
{
	struct kafka_route *route = NULL;
	rd_kafka_t *handle = NULL;

	if (kafka_route_new(config, &route, error) < 0)
		return -1;
	kafka_route_free(&route);
	handle = kafka_handle_new(config, error);
	if (handle == NULL)
		return -1;
	rd_kafka_destroy(handle);
	return 0;
}
