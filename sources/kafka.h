/* kafka.h - reads Kafka topics as a member of a consumer group
 *
 * Threads: as port.h says; one thread of the source's own talks to librdkafka.
 * Owner: the caller sets source->sink and source->positions before start, and frees by
 *        ops->free, after the last commit: until then the source stays in its group, so
 *        that whoever takes its partitions over finds their last positions.
 * Limits: kafka_config; librdkafka queues at most queued.max.messages.kbytes for all
 *         partitions together. Waiting for the commit before partitions are given back,
 *         and leaving the group, are bounded in time.
 *
 * Each message is one whole record, each partition one stream, named
 * CLUSTER-ID/TOPIC/PARTITION. Positions are offsets, and belong to no host: all members
 * of a group share them. See docs/kafka.md.
 */
#ifndef SIFTD_SOURCES_KAFKA_H
#define SIFTD_SOURCES_KAFKA_H

#include <stddef.h>
#include <stdint.h>

#include "sources/port.h"

#define KAFKA_PROJECTS_MAX 256

/* in a partition that has no stored position */
enum kafka_start { KAFKA_START_BEGINNING, KAFKA_START_END };

/* where a project's events go */
struct kafka_origin {
	int64_t project_id;
	int64_t ingestion_id;
};

struct kafka_config {
	const char *name;
	const char *const *brokers; /* host:port */
	size_t brokers_count;
	const char *const *topics; /* a name, or a pattern that begins with ^ */
	size_t topics_count;
	const char *group; /* NULL: siftd-NAME */
	enum kafka_start start_at;
	size_t message_bytes_max; /* a larger value is dropped, and counted */
	/* of messages that name no project */
	int64_t project_id;
	int64_t ingestion_id;
	/* NULL, or what names the project of a message: a header, else the first group
	 * of a POSIX extended regular expression that a topic's name matches */
	const char *project_header;
	const char *project_pattern;
	const char *const *projects;        /* that may be named */
	const struct kafka_origin *origins; /* of these; NULL for kafka_check */
	size_t projects_count;
	bool keep_unknown; /* in project_id; else they are dropped, and counted */
	/* librdkafka's own; NAME_file: the value is what the file holds */
	const char *const *property_names;
	const char *const *property_values;
	size_t properties_count;
};

/* whether librdkafka takes the configuration; connects to nobody */
MUST_CHECK int kafka_check(const struct kafka_config *config, struct error *error);
MUST_CHECK int kafka_new(const struct kafka_config *config, struct source **out,
			 struct error *error);

#endif
