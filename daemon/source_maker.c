/* source_maker.c - a configured source becomes an object */
#include "daemon/source_maker.h"

#include <string.h>

#include "daemon/config.h"
#include "daemon/store.h"
#include "sources/file_tail.h"
#include "sources/kafka.h"
#include "sources/port.h"
#include "sources/syslog_datagram.h"
#include "sources/syslog_stream.h"

static int make_file_tail(const struct source_maker *maker,
			  const struct source_config *source, struct source **out,
			  struct error *error)
{
	struct file_tail_config config = file_tail_defaults();

	config.name = source->name;
	config.host_id = maker->host_id;
	config.globs = (const char *const *)source->paths.items;
	config.globs_count = source->paths.count;
	config.excludes = (const char *const *)source->exclude.items;
	config.excludes_count = source->exclude.count;
	config.start_at = strcmp(source->start_at, "end") == 0 ? TAIL_START_END
							       : TAIL_START_BEGINNING;
	config.rescan_ms = (unsigned)(source->rescan_us / 1000);
	config.poll_only = source->poll_only;
	config.linger_ms = (unsigned)(source->linger_us / 1000);
	config.read_bytes = (size_t)source->read_bytes;
	config.follow_symlinks = source->follow_symlinks;
	config.files_max = (size_t)source->files_max;
	config.ignore_older_s = (uint64_t)source->ignore_older_us / 1000000;
	if (store_ingestion(maker->store, source, &config.project_id,
			    &config.ingestion_id, error) < 0)
		return -1;
	return file_tail_new(&config, out, error);
}

static int make_syslog_stream(const struct source_maker *maker,
			      const struct source_config *source, struct source **out,
			      struct error *error)
{
	struct syslog_stream_config config = syslog_stream_defaults();
	const struct syslog_tls_config tls = config_syslog_tls(source);

	config.name = source->name;
	config.address = config_syslog_address(source);
	config.connections_max = (unsigned)source->connections_max;
	config.connections_per_address_max =
		(unsigned)source->connections_per_address_max;
	config.proxy_protocol = source->proxy_protocol;
	config.idle_timeout_s = (unsigned)(source->idle_timeout_us / 1000000);
	config.handshake_timeout_s =
		(unsigned)(source->tls.handshake_timeout_us / 1000000);
	config.frame_bytes_max = (size_t)source->frame_bytes_max;
	config.canary_ms = (unsigned)(source->canary_us / 1000);
	if (store_ingestion(maker->store, source, &config.project_id,
			    &config.ingestion_id, error) < 0)
		return -1;
	if (tls.cert_file != NULL && syslog_tls_new(&tls, &config.tls, error) < 0)
		return -1;
	*out = syslog_stream_new(maker->base, maker->spool, &config);
	return 0;
}

static int make_syslog_datagram(const struct source_maker *maker,
				const struct source_config *source, struct source **out,
				struct error *error)
{
	struct syslog_datagram_config config = syslog_datagram_defaults();

	config.name = source->name;
	config.address = config_syslog_address(source);
	config.frame_bytes_max = (size_t)source->frame_bytes_max;
	config.canary_ms = (unsigned)(source->canary_us / 1000);
	config.receive_buffer_bytes = (size_t)source->receive_buffer_bytes;
	if (store_ingestion(maker->store, source, &config.project_id,
			    &config.ingestion_id, error) < 0)
		return -1;
	*out = syslog_datagram_new(maker->base, maker->spool, &config);
	return 0;
}

static int make_kafka(const struct source_maker *maker,
		      const struct source_config *source, struct source **out,
		      struct error *error)
{
	struct kafka_config config = config_kafka(source);
	struct kafka_origin origins[KAFKA_PROJECTS_MAX];

	if (store_ingestion(maker->store, source, &config.project_id,
			    &config.ingestion_id, error) < 0)
		return -1;
	for (size_t i = 0; i < config.projects_count; i++) {
		struct source_config one = *source;

		one.project = source->projects.items[i];
		if (store_ingestion(maker->store, &one, &origins[i].project_id,
				    &origins[i].ingestion_id, error) < 0)
			return -1;
	}
	config.origins = origins;
	return kafka_new(&config, out, error);
}

int source_make(const struct source_maker *maker, const struct source_config *config,
		struct source **out, struct error *error)
{
	switch (config->kind) {
	case SOURCE_FILE:
		return make_file_tail(maker, config, out, error);
	case SOURCE_SYSLOG_TCP:
		return make_syslog_stream(maker, config, out, error);
	case SOURCE_SYSLOG_UDP:
		return make_syslog_datagram(maker, config, out, error);
	case SOURCE_SYSLOG_UNIX:
		if (strcmp(config->socket, "stream") == 0)
			return make_syslog_stream(maker, config, out, error);
		return make_syslog_datagram(maker, config, out, error);
	case SOURCE_KAFKA:
		return make_kafka(maker, config, out, error);
	}
	return error_set(error, "no such kind");
}
